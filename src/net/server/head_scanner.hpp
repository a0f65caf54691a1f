// Finds the end of a request head and refuses what http_parser is lenient about, sans-I/O.
//
// Refused: LF without CR, CR without LF, NUL, folded lines (RFC 9112 §5.2), heads and targets over the limits. Empty
// lines before the request line are skipped (§2.2), a few of them.
#pragma once

#include <cstddef>
#include <string_view>

namespace ottobot::net {

class HeadScanner {
 public:
  enum class Verdict { need_more, complete, malformed, target_too_long, head_too_big };

  explicit HeadScanner(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // Looks at `bytes`, the continuation of what was seen before. `taken` is set to how many belong to the head.
  Verdict scan(std::string_view bytes, std::size_t& taken);
  void reset() { *this = HeadScanner(max_bytes_); }
  bool untouched() const { return seen_ == 0; }

 private:
  Verdict step(char c);
  Verdict end_line();

  std::size_t max_bytes_;
  std::size_t seen_ = 0;
  std::size_t line_length_ = 0;  // of the current line, without its CR
  bool after_cr_ = false;
  bool in_request_line_ = true;
};

}  // namespace ottobot::net
