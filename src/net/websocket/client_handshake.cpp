#include "net/websocket/client_handshake.hpp"

#include <charconv>

#include "net/websocket/websocket_codec.hpp"

namespace ottobot::net {
namespace {

constexpr std::size_t kMaxHeadBytes = 32 << 10;

bool is_printable(std::string_view text, bool blank_allowed) {
  return std::all_of(text.begin(), text.end(), [blank_allowed](unsigned char c) {
    return (c > 0x20 && c != 0x7f) || (blank_allowed && (c == ' ' || c == '\t'));
  });
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Headers parse_fields(std::string_view text) {
  Headers headers;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find("\r\n", start), text.size());
    const std::string_view line = text.substr(start, end - start);
    start = end + 2;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    headers.add(std::string(line.substr(0, colon)), std::string(trim(line.substr(colon + 1))));
  }
  return headers;
}

bool accepts(const Headers& headers, const std::string& key) {
  return headers.has_token("upgrade", "websocket") && headers.has_token("connection", "upgrade") &&
         headers.find("sec-websocket-accept") == std::string_view(websocket_accept_key(key)) &&
         !headers.find("sec-websocket-extensions");
}

}  // namespace

Result<std::string> websocket_request(const std::string& target, const std::string& host, const std::string& key,
                                      const Headers& extra) {
  if (!is_printable(target, false) || !is_printable(host, false)) {
    return invalid_argument("not a URL that HTTP can carry: " + target);
  }
  std::string request = "GET " + target + " HTTP/1.1\r\nHost: " + host +
                        "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: " +
                        key + "\r\n";
  for (const auto& [name, value] : extra) {
    if (!is_printable(name, false) || !is_printable(value, true)) {
      return invalid_argument("not a header field: \"" + name + "\"");
    }
    request += name + ": " + value + "\r\n";
  }
  return request + "\r\n";
}

Result<std::optional<HandshakeReply>> read_handshake_reply(std::string_view buffer, const std::string& key) {
  const std::size_t end = buffer.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (buffer.size() > kMaxHeadBytes) return internal_error("the peer's answer to the handshake has no end");
    return std::nullopt;
  }
  HandshakeReply reply;
  const std::string_view head = buffer.substr(0, end);
  const bool is_http = head.substr(0, 7) == "HTTP/1." && head.size() >= 12;
  if (!is_http || std::from_chars(head.data() + 9, head.data() + 12, reply.status).ec != std::errc{}) {
    return internal_error("the peer does not speak HTTP");
  }
  const std::size_t first_line = std::min(head.find("\r\n"), head.size());
  reply.headers = parse_fields(head.substr(std::min(first_line + 2, head.size())));
  reply.head_bytes = end + 4;
  if (reply.status == 101 && !accepts(reply.headers, key)) {
    return internal_error("the peer switched protocols, but not to this WebSocket");
  }
  return reply;
}

}  // namespace ottobot::net
