// Sockets that listen. No name lookups: the sandbox daemon is linked statically.
#pragma once

#include <string>

#include "net/server/http_server.hpp"

namespace ottobot::net {

struct ListenSocket {
  UniqueFd fd;
  int port = 0;           // 0 for a unix socket
  std::string unix_path;  // to be removed at the end
};

Result<ListenSocket> open_listen_socket(const ListenOptions& options);
// From now on the kernel drops what asks for a connection here, as if it had got lost: it comes again after a second, to
// a socket that is closed by then. Connections that are half made are made. Does nothing for a unix socket.
void ignore_new_connections(int fd);
// "127.0.0.1:5000", "[::1]:5000" or "unix:uid=1000,pid=7".
std::string describe_peer(int fd);

}  // namespace ottobot::net
