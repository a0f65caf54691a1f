#include "mcp/sse.hpp"

#include <charconv>

namespace ottobot::mcp {

Result<std::vector<SseEvent>> SseParser::feed(std::string_view bytes) {
  std::vector<SseEvent> events;
  while (!bytes.empty()) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes.front() == '\n') bytes.remove_prefix(1);
      continue;
    }
    const std::size_t end = bytes.find_first_of("\r\n");
    line_.append(bytes.substr(0, end));
    if (line_.size() + data_.size() > max_event_bytes_) {
      return resource_exhausted("a server-sent event is larger than " + std::to_string(max_event_bytes_) + " bytes");
    }
    if (end == std::string_view::npos) break;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    end_line(events);
  }
  return events;
}

void SseParser::end_line(std::vector<SseEvent>& events) {
  strip_byte_order_mark();
  if (line_.empty()) {
    if (has_data_) events.push_back({type_.empty() ? "message" : std::move(type_), std::move(data_)});
    type_.clear();
    data_.clear();
    has_data_ = false;
    return;
  }
  const std::string line = std::move(line_);
  line_.clear();
  const std::size_t colon = line.find(':');
  if (colon == 0) return;
  std::string_view value = colon == std::string::npos ? std::string_view() : std::string_view(line).substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  take_field(std::string_view(line).substr(0, colon), value);
}

void SseParser::take_field(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) last_event_id_ = value;
  } else if (name == "retry") {
    int millis = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), millis);
    if (error == std::errc() && end == value.data() + value.size() && millis >= 0) {
      retry_ = std::chrono::milliseconds(millis);
    }
  }
}

void SseParser::strip_byte_order_mark() {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (first_line_ && std::string_view(line_).starts_with(kMark)) line_.erase(0, kMark.size());
  first_line_ = false;
}

}  // namespace ottobot::mcp
