// A WebSocket client for tests (RFC 6455), over raw bytes: it shares no code with the server.
#pragma once

#include "net/raw_client.hpp"
#include "ottobot/json.hpp"

namespace ottobot::api::test {

class SocketClient {
 public:
  SocketClient(int port, const std::string& target, const std::string& fields = {}) : raw_(port) {
    raw_.send("GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" + fields + "\r\n");
    handshake_ = raw_.response();
  }

  const net::test::RawResponse& handshake() const { return handshake_; }
  bool accepted() const { return handshake_.status == 101; }

  void send_text(std::string_view payload) { send_frame(0x1, payload); }
  void send_binary(std::string_view payload) { send_frame(0x2, payload); }
  void send_json(const Json& json) { send_text(dump_json(json)); }
  // A frame that may break the rules.
  void send_raw(std::string_view bytes) { raw_.send(bytes); }
  void drop() { raw_.disconnect(); }
  void send_close() { send_frame(0x8, std::string("\x03\xe8", 2)); }

  // The next text or binary frame; nullopt when the server closed (close_code() then says why) or time ran out.
  std::optional<std::string> next(std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
    for (;;) {
      if (close_code_ != 0 || !raw_.fill(2, timeout)) return std::nullopt;
      const std::string head = raw_.take(2);
      std::uint64_t size = static_cast<unsigned char>(head[1]) & 0x7f;
      if (size >= 126) size = big_endian(raw_.take(size == 126 ? 2 : 8));
      std::string payload = raw_.take(static_cast<std::size_t>(size));
      switch (head[0] & 0x0f) {
        case 0x8:
          close_code_ = payload.size() < 2 ? 1005 : static_cast<int>(big_endian(payload.substr(0, 2)));
          return std::nullopt;
        case 0x9:
          send_frame(0xa, payload);
          break;
        case 0xa:
          break;
        default:
          return payload;
      }
    }
  }
  // Whether the last call of next() has found the connection's end.
  bool ended() const { return close_code_ != 0 || raw_.ended(); }
  // Whether the connection ends without a close frame.
  bool breaks_off() { return !next() && close_code_ == 0 && raw_.closed_by_peer(); }
  // null when there is none.
  Json next_json(std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
    const auto frame = next(timeout);
    return frame ? parse_json(*frame).value_or(Json()) : Json();
  }
  // Reads to the close frame; 0 when none came.
  int close_code(std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
    while (next(timeout)) {
    }
    return close_code_;
  }

 private:
  static std::uint64_t big_endian(const std::string& bytes) {
    std::uint64_t value = 0;
    for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
  }

  void send_frame(int opcode, std::string_view payload) {
    std::string frame(1, static_cast<char>(0x80 | opcode));
    if (payload.size() < 126) {
      frame += static_cast<char>(0x80 | payload.size());
    } else {
      const int length_bytes = payload.size() < 65536 ? 2 : 8;
      frame += static_cast<char>(0x80 | (length_bytes == 2 ? 126 : 127));
      for (int i = length_bytes - 1; i >= 0; --i) frame += static_cast<char>(payload.size() >> (8 * i));
    }
    constexpr std::string_view kMask = "\x11\x22\x33\x44";
    frame += kMask;
    for (std::size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(payload[i] ^ kMask[i % 4]);
    raw_.send(frame);
  }

  net::test::RawClient raw_;
  net::test::RawResponse handshake_;
  int close_code_ = 0;
};

}  // namespace ottobot::api::test
