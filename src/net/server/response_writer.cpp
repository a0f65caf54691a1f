#include "net/server/response_writer.hpp"

#include <ctime>

namespace ottobot::net {

namespace {

// Formatted once a second per thread.
const std::string& current_date() {
  static thread_local std::time_t formatted_for = 0;
  static thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != formatted_for) text = http_date(now);
  formatted_for = now;
  return text;
}

bool is_ours(std::string_view name) {
  return equals_ignore_case(name, "connection") || equals_ignore_case(name, "content-length") ||
         equals_ignore_case(name, "transfer-encoding") || equals_ignore_case(name, "date");
}

// A line break in a value that came from a user would start another field, or a response of its own.
void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  for (const char c : value) out.push_back(c == '\r' || c == '\n' || c == '\0' ? ' ' : c);
  out.append("\r\n");
}

bool is_safe_name(std::string_view name) { return name.find_first_of("\r\n: ") == std::string_view::npos; }

void append_status_line(std::string& out, int status) {
  out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(reason_phrase(status)).append("\r\n");
}

}  // namespace

bool has_no_body(int status) { return status < 200 || status == 204 || status == 304; }

std::string serialize(const ResponseHead& head) {
  std::string out;
  out.reserve(256);
  append_status_line(out, head.status);
  for (const auto& [name, value] : head.headers) {
    if (!is_ours(name) && is_safe_name(name)) append_field(out, name, value);
  }
  if (head.framing == BodyFraming::length) append_field(out, "Content-Length", std::to_string(head.content_length));
  if (head.framing == BodyFraming::chunked) append_field(out, "Transfer-Encoding", "chunked");
  append_field(out, "Date", current_date());
  append_field(out, "Connection", head.keep_alive ? "keep-alive" : "close");
  out.append("\r\n");
  return out;
}

std::string serialize_switch(std::string_view protocol, const Headers& more) {
  std::string out;
  append_status_line(out, 101);
  append_field(out, "Upgrade", protocol);
  append_field(out, "Connection", "Upgrade");
  for (const auto& [name, value] : more) append_field(out, name, value);
  out.append("\r\n");
  return out;
}

void append_chunk(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;
  std::array<char, 24> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
  out.append(size.data()).append(bytes).append("\r\n");
}

}  // namespace ottobot::net
