// The opening handshake of a WebSocket, server side (RFC 6455 §4.2), sans-I/O.
#pragma once

#include <string>
#include <vector>

#include "net/server/http_server.hpp"

namespace ottobot::net {

struct HandshakeAnswer {
  int status = 101;      // or 400, 426
  std::string response;  // of 101: the whole head
  std::string problem;   // otherwise
};

HandshakeAnswer answer_handshake(const RequestHead& request, const std::vector<std::string>& subprotocols);

}  // namespace ottobot::net
