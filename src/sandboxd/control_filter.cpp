#include "sandboxd/control_filter.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr char kEscape = '\x1b';
constexpr std::size_t kMaxSequence = 64;

}  // namespace

std::string ControlFilter::filter(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (char c : bytes) take(c, out);
  return out;
}

void ControlFilter::take(char c, std::string& out) {
  switch (state_) {
    case State::text:
      return take_text(c, out);
    case State::escape:
      return take_escape(c);
    case State::skip_one:
      state_ = State::text;
      return;
    case State::sequence:
      pending_ += c;
      if (c >= 0x40 && c <= 0x7e) {
        if (c == 'm' && pending_.find_first_of("<=>?") == std::string::npos) out += "\x1b[" + pending_;
        state_ = State::text;
      } else if (pending_.size() > kMaxSequence) {
        state_ = State::text;
      }
      return;
    case State::text_string:
      if (c == '\a' || c == '\n') state_ = State::text;
      if (c == kEscape) state_ = State::text_string_escape;
      return;
    case State::text_string_escape:
      state_ = c == '\\' ? State::text : State::text_string;
      return;
  }
}

void ControlFilter::take_text(char c, std::string& out) {
  if (c == kEscape) {
    state_ = State::escape;
    return;
  }
  auto byte = static_cast<unsigned char>(c);
  bool control = byte < 0x20 || byte == 0x7f;
  if (!control || c == '\n' || c == '\t' || c == '\r' || c == '\b') out += c;
}

void ControlFilter::take_escape(char c) {
  pending_.clear();
  if (c == '[') {
    state_ = State::sequence;
  } else if (c == ']' || c == 'P' || c == '_' || c == '^' || c == 'X') {
    state_ = State::text_string;
  } else if (c == '(' || c == ')' || c == '*' || c == '+' || c == '#' || c == '%' || c == ' ') {
    state_ = State::skip_one;
  } else {
    state_ = State::text;
  }
}

}  // namespace ottobot::sandboxd
