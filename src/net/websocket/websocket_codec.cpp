#include "net/websocket/websocket_codec.hpp"

#include <array>
#include <random>

#include <websocketpp/base64/base64.hpp>
#include <websocketpp/close.hpp>
#include <websocketpp/config/core.hpp>
#include <websocketpp/frame.hpp>
#include <websocketpp/processors/hybi13.hpp>
#include <websocketpp/utf8_validator.hpp>

namespace ottobot::net {

namespace {

namespace ws = websocketpp;
using Config = ws::config::core;
using Hybi13 = ws::processor::hybi13<Config>;

WebSocketEvent violation(int code) { return {WebSocketEvent::Kind::violation, {}, code}; }

WebSocketEvent close_event(const std::string& payload) {
  ws::lib::error_code error;
  const int code = ws::close::extract_code(payload, error);
  if (error) return violation(ws::close::status::protocol_error);
  ws::close::extract_reason(payload, error);
  if (error) return violation(ws::close::status::invalid_payload);
  return {WebSocketEvent::Kind::close, {}, code};
}

WebSocketEvent event_of(Config::message_type& message) {
  std::string& payload = message.get_raw_payload();
  switch (message.get_opcode()) {
    case ws::frame::opcode::text:
      // The processor misses a cut character at the end of a fragmented message.
      if (!ws::utf8_validator::validate(payload)) return violation(ws::close::status::invalid_payload);
      return {WebSocketEvent::Kind::text, std::move(payload), 0};
    case ws::frame::opcode::binary:
      return {WebSocketEvent::Kind::binary, std::move(payload), 0};
    case ws::frame::opcode::ping:
      return {WebSocketEvent::Kind::ping, std::move(payload), 0};
    case ws::frame::opcode::pong:
      return {WebSocketEvent::Kind::pong, std::move(payload), 0};
    case ws::frame::opcode::close:
      return close_event(payload);
    default:
      return violation(ws::close::status::protocol_error);
  }
}

}  // namespace

struct WebSocketDecoder::Processor {
  explicit Processor(bool is_server)
      : hybi13(false, is_server, ws::lib::make_shared<Config::con_msg_manager_type>(), random) {}
  Config::rng_type random;
  Hybi13 hybi13;
};

WebSocketDecoder::WebSocketDecoder(WebSocketSide side, std::size_t max_message_bytes)
    : processor_(new Processor(side == WebSocketSide::server)) {
  processor_->hybi13.set_max_message_size(max_message_bytes);
}

WebSocketDecoder::~WebSocketDecoder() = default;

std::size_t WebSocketDecoder::decode(char* bytes, std::size_t size, WebSocketEvent& event) {
  event = {};
  ws::lib::error_code error;
  Hybi13& hybi13 = processor_->hybi13;
  const std::size_t taken = hybi13.consume(reinterpret_cast<std::uint8_t*>(bytes), size, error);
  if (error) {
    event = violation(ws::processor::error::to_ws(error));
  } else if (hybi13.ready()) {
    event = event_of(*hybi13.get_message());
  }
  return taken;
}

std::string encode_websocket_frame(WebSocketOpcode opcode, const std::string& payload) {
  const ws::frame::basic_header basic(static_cast<ws::frame::opcode::value>(opcode), payload.size(), true, false);
  const ws::frame::extended_header extended(payload.size());
  std::string frame;
  frame.reserve(payload.size() + ws::frame::MAX_HEADER_LENGTH);
  frame = ws::frame::prepare_header(basic, extended);
  frame += payload;
  return frame;
}

std::string encode_masked_websocket_frame(WebSocketOpcode opcode, const std::string& payload) {
  ws::frame::masking_key_type key;
  key.i = static_cast<std::int32_t>(std::random_device{}());
  const ws::frame::basic_header basic(static_cast<ws::frame::opcode::value>(opcode), payload.size(), true, true);
  const ws::frame::extended_header extended(payload.size(), key.i);
  std::string frame = ws::frame::prepare_header(basic, extended);
  frame.reserve(frame.size() + payload.size());
  for (std::size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(payload[i] ^ key.c[i % 4]);
  return frame;
}

std::string encode_close_payload(int code, std::string reason) {
  const auto status = static_cast<ws::close::status::value>(code);
  if (code <= 0 || code > 4999 || ws::close::status::invalid(status) || ws::close::status::reserved(status)) return {};
  constexpr std::size_t kMaxReason = 123;
  if (reason.size() > kMaxReason) {
    std::size_t cut = kMaxReason;
    while (cut > 0 && (static_cast<unsigned char>(reason[cut]) & 0xC0) == 0x80) --cut;
    reason.resize(cut);
  }
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  return payload + reason;
}

std::string make_websocket_key() {
  std::random_device random;
  std::array<unsigned char, 16> bytes{};
  for (auto& byte : bytes) byte = static_cast<unsigned char>(random());
  return ws::base64_encode(bytes.data(), bytes.size());
}

std::string websocket_accept_key(const std::string& key) {
  Config::request_type request;
  Config::response_type response;
  request.replace_header("Sec-WebSocket-Key", key);
  Config::rng_type random;
  const Hybi13 hybi13(false, true, ws::lib::make_shared<Config::con_msg_manager_type>(), random);
  hybi13.process_handshake(request, "", response);
  return response.get_header("Sec-WebSocket-Accept");
}

}  // namespace ottobot::net
