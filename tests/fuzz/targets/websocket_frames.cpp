// The first byte says who reads: even the server, odd the client.
#include "net/websocket/websocket_codec.hpp"

#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "net/websocket/client_handshake.hpp"
#include "ottobot/json.hpp"

namespace ottobot::fuzz {
namespace {

using net::WebSocketEvent;
using Kind = net::WebSocketEvent::Kind;

constexpr std::size_t kMaxMessageBytes = 4 << 10;

std::string summary(const WebSocketEvent& event) {
  return std::to_string(static_cast<int>(event.kind)) + "|" + std::to_string(event.code) + "|" + event.payload + "\n";
}

std::vector<WebSocketEvent> read(net::WebSocketSide side, const std::vector<std::string_view>& pieces) {
  net::WebSocketDecoder decoder(side, kMaxMessageBytes);
  std::vector<WebSocketEvent> events;
  for (const std::string_view piece : pieces) {
    std::string bytes(piece);  // it unmasks in place
    for (std::size_t at = 0; at < bytes.size();) {
      WebSocketEvent event;
      const std::size_t taken = decoder.decode(bytes.data() + at, bytes.size() - at, event);
      require(taken <= bytes.size() - at, "no more is taken than was given");
      require(taken > 0 || event.kind != Kind::none, "every call gets further");
      at += taken;
      if (event.kind == Kind::none) continue;
      events.push_back(event);
      if (event.kind == Kind::violation || event.kind == Kind::close) return events;
    }
  }
  return events;
}

std::string all(const std::vector<WebSocketEvent>& events) {
  std::string text;
  for (const auto& event : events) text += summary(event);
  return text;
}

void check(const WebSocketEvent& event) {
  require(event.payload.size() <= kMaxMessageBytes, "messages are bounded");
  if (event.kind == Kind::text) require(utf8_length(event.payload).has_value(), "texts are valid UTF-8");
  if (event.kind != Kind::text && event.kind != Kind::binary) return;
  const auto opcode = event.kind == Kind::text ? net::WebSocketOpcode::text : net::WebSocketOpcode::binary;
  const std::string masked = net::encode_masked_websocket_frame(opcode, event.payload);
  require(all(read(net::WebSocketSide::server, {masked})) == summary(event), "what a client sends reads the same");
  const std::string plain = net::encode_websocket_frame(opcode, event.payload);
  require(all(read(net::WebSocketSide::client, {plain})) == summary(event), "what a server sends reads the same");
}

void check_handshake(std::string_view input) {
  const auto reply = net::read_handshake_reply(input, "dGhlIHNhbXBsZSBub25jZQ==");
  if (!reply || !*reply) return;
  require((*reply)->head_bytes <= input.size(), "a head ends inside of the buffer");
}

}  // namespace

void websocket_frames(std::string_view input) {
  if (input.empty()) return;
  const auto side = input.front() % 2 == 0 ? net::WebSocketSide::server : net::WebSocketSide::client;
  input.remove_prefix(1);
  const auto whole = read(side, {input});
  require(all(whole) == all(read(side, pieces_of(input))), "splitting does not change what is read");
  for (const auto& event : whole) check(event);
  check_handshake(input);
}

}  // namespace ottobot::fuzz
