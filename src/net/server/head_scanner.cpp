#include "net/server/head_scanner.hpp"

namespace ottobot::net {

HeadScanner::Verdict HeadScanner::scan(std::string_view bytes, std::size_t& taken) {
  taken = 0;
  for (const char c : bytes) {
    ++taken;
    if (++seen_ > max_bytes_) return in_request_line_ ? Verdict::target_too_long : Verdict::head_too_big;
    const Verdict verdict = step(c);
    if (verdict != Verdict::need_more) return verdict;
  }
  return Verdict::need_more;
}

HeadScanner::Verdict HeadScanner::step(char c) {
  if (after_cr_) {
    after_cr_ = false;
    return c == '\n' ? end_line() : Verdict::malformed;
  }
  if (c == '\r') {
    after_cr_ = true;
    return Verdict::need_more;
  }
  if (c == '\n' || c == '\0') return Verdict::malformed;
  if (line_length_ == 0 && (c == ' ' || c == '\t')) return Verdict::malformed;
  ++line_length_;
  return Verdict::need_more;
}

HeadScanner::Verdict HeadScanner::end_line() {
  constexpr std::size_t kMaxLeadingBytes = 16;
  if (line_length_ == 0) {
    if (!in_request_line_) return Verdict::complete;
    return seen_ <= kMaxLeadingBytes ? Verdict::need_more : Verdict::malformed;
  }
  line_length_ = 0;
  in_request_line_ = false;
  return Verdict::need_more;
}

}  // namespace ottobot::net
