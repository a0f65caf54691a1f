// A WebSocket to somewhere else (RFC 6455), over libcurl's connections: ws:// and wss://, proxies from the environment.
//
// Blocking: one thread receives, any thread sends. Pings are answered and sent by the receiving thread, so that a
// silent peer is noticed. Destroying it drops the connection; close() first says goodbye.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "net/http_types.hpp"
#include "ottobot/call_context.hpp"

namespace ottobot::net {

struct WebSocketRequest {
  std::string url;  // ws://, wss://, http:// or https://
  Headers headers;
  std::chrono::milliseconds connect_timeout{10000};  // handshake included
  std::chrono::milliseconds ping_interval{20000};    // a peer silent for two of them is gone
  std::size_t max_message_bytes = 16 << 20;
  std::string ca_file;  // as HttpClientOptions has it
};

struct WebSocketMessage {
  enum class Kind { text, binary, closed };
  Kind kind = Kind::text;
  std::string payload;
  int close_code = 0;  // of closed: the peer's, 1005 if it gave none
};

class WebSocketClient {
 public:
  virtual ~WebSocketClient() = default;
  // Blocks for the next message; `closed` is the last one. Errors: unavailable (the connection broke, or the peer fell
  // silent), internal (the peer broke the protocol), cancelled, deadline_exceeded.
  virtual Result<WebSocketMessage> receive(const CallContext& ctx) = 0;
  // Blocks until the kernel has it. Same errors; one that ended it half way, also cancelled and deadline_exceeded,
  // closes the connection.
  virtual Result<void> send_text(const std::string& payload, const CallContext& ctx) = 0;
  // Sends a close frame and does not wait for the answer; takes a second at most. When it cannot be sent by then,
  // because a message is on its way and not taken, the connection ends without.
  virtual void close(int code) = 0;
};

// Errors: invalid_argument (URL, header, HTTP 400), unauthenticated (401), permission_denied (403), not_found (404),
// conflict (409), unsupported (426, or no WebSocket there), unavailable, internal (protocol), cancelled,
// deadline_exceeded.
Result<std::unique_ptr<WebSocketClient>> connect_websocket(const WebSocketRequest& request, const CallContext& ctx);

}  // namespace ottobot::net
