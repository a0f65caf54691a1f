// The opening handshake of a WebSocket, client side (RFC 6455 §4.1), sans-I/O.
#pragma once

#include <optional>
#include <string>

#include "net/http_types.hpp"

namespace ottobot::net {

// The whole head. `target` and `host` as they stand in a URL. Errors: invalid_argument (a header that HTTP cannot
// carry).
Result<std::string> websocket_request(const std::string& target, const std::string& host, const std::string& key,
                                      const Headers& extra);

struct HandshakeReply {
  int status = 0;
  Headers headers;
  std::size_t head_bytes = 0;  // what follows in the buffer is frames, or the refusal's body
};

// nullopt while the head is not complete. Errors: internal (no HTTP, a head beyond 32 KiB, or a 101 that does not
// answer `key`).
Result<std::optional<HandshakeReply>> read_handshake_reply(std::string_view buffer, const std::string& key);

}  // namespace ottobot::net
