// Server-sent events, the reading side (HTML Living Standard, "Server-sent events": parsing an event stream). No I/O.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ottobot/error.hpp"

namespace ottobot::mcp {

struct SseEvent {
  std::string type;  // "message" when the stream named none
  std::string data;
};

// Takes the bytes of one stream in pieces of any size; LF, CRLF and CR end lines. Not thread-safe.
class SseParser {
 public:
  explicit SseParser(std::size_t max_event_bytes) : max_event_bytes_(max_event_bytes) {}

  // The events that `bytes` completes. Errors: resource_exhausted (an event larger than max_event_bytes).
  Result<std::vector<SseEvent>> feed(std::string_view bytes);

  // The last `id` seen; empty if none.
  const std::string& last_event_id() const { return last_event_id_; }
  // The last `retry` seen.
  std::optional<std::chrono::milliseconds> retry() const { return retry_; }

 private:
  void end_line(std::vector<SseEvent>& events);
  void take_field(std::string_view name, std::string_view value);
  void strip_byte_order_mark();

  std::size_t max_event_bytes_;
  std::string line_;
  std::string type_;
  std::string data_;
  bool has_data_ = false;
  bool after_cr_ = false;
  bool first_line_ = true;
  std::string last_event_id_;
  std::optional<std::chrono::milliseconds> retry_;
};

}  // namespace ottobot::mcp
