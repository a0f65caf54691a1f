// Lines from a descriptor (pipe, socket, terminal), as protocols over standard input send them.
#pragma once

#include <optional>
#include <string>

#include "ottobot/call_context.hpp"

namespace ottobot::net {

// Not thread-safe.
class LineReader {
 public:
  // `fd` is borrowed and may be in blocking mode.
  LineReader(int fd, std::size_t max_line_bytes) : fd_(fd), max_line_bytes_(max_line_bytes) {}

  // Blocks for the next line, without its end; nullopt at the end of the stream. What stands behind the last end of
  // line is a line, too. Errors: resource_exhausted (a longer line; the stream cannot be read on), cancelled,
  // deadline_exceeded, unavailable.
  Result<std::optional<std::string>> next(const CallContext& ctx);

 private:
  int fd_;
  std::size_t max_line_bytes_;
  std::string buffer_;
  std::size_t searched_ = 0;  // bytes of buffer_ without an end of line
  bool ended_ = false;
};

}  // namespace ottobot::net
