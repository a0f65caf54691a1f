// The checks of connect_unix() one by one, for whoever cannot let it make the connection. Private to net/.
#pragma once

#include <sys/types.h>

#include <string>

#include "net/unique_fd.hpp"
#include "ottobot/error.hpp"

namespace ottobot::net {

// The path in "unix:/path" or "unix:///path".
std::string unix_path_of(const std::string& endpoint_url);

// A handle on the socket file itself: from here on nobody can put a link or another file in its place. Connect to it by
// "/proc/self/fd/N" while it is open. Errors: as connect_unix().
Result<UniqueFd> open_socket_file(const std::string& path);

// `fd` is connected to a process of that user. Errors: permission_denied.
Result<void> check_peer(int fd, uid_t expected, const std::string& path);

}  // namespace ottobot::net
