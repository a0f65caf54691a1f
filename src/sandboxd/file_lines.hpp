// Lines of a file of any size, read without holding the file in memory.
#pragma once

#include <cstdint>
#include <string>

#include "ottobot/call_context.hpp"
#include "ottobot/error.hpp"

namespace ottobot::sandboxd {

struct LineRange {
  std::uint64_t first = 1;  // from 1
  std::uint64_t limit = 0;  // 0 = all
  std::size_t max_chars = 0;
};

struct ShownLines {
  std::string text;           // valid UTF-8: the lines with their ends
  std::uint64_t last = 0;     // the last line in `text`
  std::uint64_t in_file = 0;  // number of lines; known when `first` lies behind the end of the file
  bool behind_end = false;    // the file has no line `first`
  bool more = false;          // wanted lines follow that did not fit
  bool cut_line = false;      // only the beginning of the line `last` fitted
  bool replaced = false;      // some bytes were not UTF-8
};

// Of the first `size` bytes, of which `start` has been read. Errors: those of read, cancelled, deadline_exceeded.
Result<ShownLines> read_lines(int fd, std::uint64_t size, std::string_view start, const LineRange& range,
                              const CallContext& ctx);

}  // namespace ottobot::sandboxd
