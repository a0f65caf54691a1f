#include "net/server/websocket_handshake.hpp"

#include "net/server/response_writer.hpp"
#include "net/websocket/websocket_codec.hpp"

namespace ottobot::net {

namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// 16 bytes in base64.
bool is_key(std::string_view text) {
  return text.size() == 24 && text.substr(22) == "==" && text.find_first_not_of(kBase64) == 22;
}

}  // namespace

HandshakeAnswer answer_handshake(const RequestHead& request, const std::vector<std::string>& subprotocols) {
  const Headers& headers = request.headers;
  if (!headers.has_token("upgrade", "websocket") || !headers.has_token("connection", "upgrade")) {
    return {426, {}, "this is a WebSocket: send an Upgrade"};
  }
  if (request.method != "GET") return {400, {}, "a WebSocket handshake is a GET"};
  if (headers.find("sec-websocket-version") != "13") return {426, {}, "WebSocket version 13 is spoken here"};
  const auto key = headers.find("sec-websocket-key");
  if (!key || !is_key(*key)) return {400, {}, "Sec-WebSocket-Key is missing or malformed"};

  Headers answer{{"Sec-WebSocket-Accept", websocket_accept_key(std::string(*key))}};
  for (const auto& offered : subprotocols) {
    if (!headers.has_token("sec-websocket-protocol", offered)) continue;
    answer.add("Sec-WebSocket-Protocol", offered);
    break;
  }
  return {101, serialize_switch("websocket", answer), {}};
}

}  // namespace ottobot::net
