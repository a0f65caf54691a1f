// WebSocket frames (RFC 6455), sans-I/O, on websocketpp's hybi13 processor.
//
// This header is C++17 on purpose: websocketpp does not compile as C++20 under g++ 12, so its translation unit is
// C++17.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace ottobot::net {

enum class WebSocketOpcode { text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

struct WebSocketEvent {
  enum class Kind { none, text, binary, ping, pong, close, violation };
  Kind kind = Kind::none;
  std::string payload;  // of text, binary, ping, pong
  int code = 0;         // of close: the peer's (1005 if it gave none); of violation: the one to close with
};

enum class WebSocketSide { server, client };

class WebSocketDecoder {
 public:
  // `side` is the one that reads.
  WebSocketDecoder(WebSocketSide side, std::size_t max_message_bytes);
  ~WebSocketDecoder();
  WebSocketDecoder(const WebSocketDecoder&) = delete;
  WebSocketDecoder& operator=(const WebSocketDecoder&) = delete;

  // Takes bytes up to the end of one message or control frame and may unmask them in place; returns how many. After a
  // violation nothing more may be given.
  std::size_t decode(char* bytes, std::size_t size, WebSocketEvent& event);

 private:
  struct Processor;
  std::unique_ptr<Processor> processor_;
};

// One unmasked frame, as a server sends it.
std::string encode_websocket_frame(WebSocketOpcode opcode, const std::string& payload);
// The same masked with fresh random bytes, as a client sends it.
std::string encode_masked_websocket_frame(WebSocketOpcode opcode, const std::string& payload);
// Payload of a close frame; the reason is cut at 123 bytes, between characters. Codes that must not be sent give none.
std::string encode_close_payload(int code, std::string reason);
// A fresh Sec-WebSocket-Key.
std::string make_websocket_key();
// Sec-WebSocket-Accept of a Sec-WebSocket-Key.
std::string websocket_accept_key(const std::string& key);

}  // namespace ottobot::net
