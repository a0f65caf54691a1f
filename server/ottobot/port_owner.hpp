// Who listens on a TCP port of this machine, from /proc.
#pragma once

#include <string>

namespace ottobot::cli {

// "ottobot (pid 4711)"; empty when nobody listens or the process is another user's.
std::string port_owner(int port);

// True when nobody listens on `address`:`port`.
bool is_port_free(const std::string& address, int port);

}  // namespace ottobot::cli
