#include "net/server/body_decoder.hpp"

#include <algorithm>

namespace ottobot::net {

namespace {

constexpr unsigned kMaxSizeDigits = 15;
constexpr std::size_t kMaxOverhead = 8 << 10;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_text(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != 0x7f); }

}  // namespace

void BodyDecoder::expect_length(std::uint64_t bytes) {
  left_ = bytes;
  state_ = bytes == 0 ? State::done : State::length;
}

void BodyDecoder::expect_chunked() {
  left_ = 0;
  digits_ = 0;
  overhead_ = 0;
  state_ = State::size;
}

std::size_t BodyDecoder::decode(std::string_view bytes, std::string& out) {
  std::size_t taken = 0;
  while (taken < bytes.size() && !done() && !failed()) {
    if (state_ == State::length || state_ == State::data) {
      taken += take_data(bytes.substr(taken), out);
    } else {
      take_framing(bytes[taken++]);
    }
  }
  return taken;
}

std::size_t BodyDecoder::take_data(std::string_view bytes, std::string& out) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  out.append(bytes.substr(0, count));
  left_ -= count;
  if (left_ == 0) state_ = state_ == State::length ? State::done : State::data_cr;
  return count;
}

void BodyDecoder::take_framing(char c) {
  switch (state_) {
    case State::size:
      return take_size(c);
    case State::extension:
      return take_extension(c);
    case State::size_lf:
      at_line_start_ = true;
      overhead_ = 0;
      state_ = fail_unless(c == '\n', left_ == 0 ? State::trailer : State::data);
      return;
    case State::data_cr:
      state_ = fail_unless(c == '\r', State::data_lf);
      return;
    case State::data_lf:
      digits_ = 0;
      state_ = fail_unless(c == '\n', State::size);
      return;
    case State::trailer:
      return take_trailer(c);
    case State::trailer_cr:
      at_line_start_ = true;
      state_ = fail_unless(c == '\n', State::trailer);
      return;
    case State::end_lf:
      state_ = fail_unless(c == '\n', State::done);
      return;
    case State::length:
    case State::data:
    case State::done:
    case State::failed:
      return;
  }
}

void BodyDecoder::take_size(char c) {
  const int digit = hex_digit(c);
  if (digit >= 0) {
    left_ = left_ * 16 + static_cast<unsigned>(digit);
    state_ = fail_unless(++digits_ <= kMaxSizeDigits, State::size);
  } else if (c == '\r') {
    state_ = fail_unless(digits_ > 0, State::size_lf);
  } else {
    state_ = fail_unless(c == ';' && digits_ > 0, State::extension);
  }
}

void BodyDecoder::take_extension(char c) {
  if (c == '\r') {
    state_ = State::size_lf;
  } else {
    state_ = fail_unless(is_text(c) && ++overhead_ <= kMaxOverhead, State::extension);
  }
}

void BodyDecoder::take_trailer(char c) {
  if (c == '\r') {
    state_ = at_line_start_ ? State::end_lf : State::trailer_cr;
    return;
  }
  const bool folded = at_line_start_ && (c == ' ' || c == '\t');
  at_line_start_ = false;
  state_ = fail_unless(!folded && is_text(c) && ++overhead_ <= kMaxOverhead, State::trailer);
}

}  // namespace ottobot::net
