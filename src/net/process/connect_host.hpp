// TCP connections to hosts by name, with a deadline for finding them, too.
#pragma once

#include <string>
#include <vector>

#include "net/unique_fd.hpp"
#include "ottobot/call_context.hpp"

namespace ottobot::net {

// Numeric addresses, in the order in which to try them; an address is itself. Errors: unavailable, cancelled,
// deadline_exceeded.
Result<std::vector<std::string>> resolve(const std::string& host, const CallContext& ctx);

// To the first of its addresses that takes the connection. Non-blocking, close-on-exec. Errors: as resolve().
Result<UniqueFd> connect_host(const std::string& host, int port, const CallContext& ctx);

}  // namespace ottobot::net
