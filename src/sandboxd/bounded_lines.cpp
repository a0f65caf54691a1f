#include "sandboxd/bounded_lines.hpp"

#include "sandboxd/text.hpp"

namespace ottobot::sandboxd {
namespace {
constexpr std::size_t kNoteChars = 500;  // room for what is said below the lines
constexpr std::size_t kMaxCounted = 100'000;
}  // namespace

void BoundedLines::add(const std::string& line) {
  ++count_;
  chars_ += count_chars(line) + 1;
  full_ = full_ || shown_ == max_lines_ || chars_ > kMaxOutputChars - kNoteChars;
  if (full_) return;
  text_ += line + "\n";
  ++shown_;
}

bool BoundedLines::enough() const { return count_ >= kMaxCounted; }

std::string BoundedLines::text(std::string_view one, std::string_view many) const {
  if (shown_ == count_) return text_;
  return text_ + "[… " + (enough() ? "at least " : "") +
         counted(count_ - shown_, "more " + std::string(one), "more " + std::string(many)) +
         " not shown: narrow the search …]\n";
}

}  // namespace ottobot::sandboxd
