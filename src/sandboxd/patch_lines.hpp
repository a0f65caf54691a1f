// The lines of a patch, taken one by one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandboxd/patch.hpp"

namespace ottobot::sandboxd {

bool starts_with(std::string_view text, std::string_view prefix);
// Without white space around.
std::string_view trim(std::string_view text);

// Views into the text that it is made of.
class PatchLines {
 public:
  explicit PatchLines(std::string_view text);

  bool done() const { return next_ >= lines_.size(); }
  std::size_t number() const { return next_ + 1; }  // of the next line, from 1
  std::string_view peek(std::size_t ahead = 0) const {
    return next_ + ahead < lines_.size() ? lines_[next_ + ahead] : std::string_view{};
  }
  std::string_view take() { return lines_[next_++]; }
  // Drops `prefix` and takes the trimmed rest of the line, when the line starts so.
  std::optional<std::string> take_after(std::string_view prefix);
  // Drops what stands before the first line that is `wanted`; false when there is none.
  bool skip_to(std::string_view wanted);

  // invalid_argument: what was expected at the next line, and what is there.
  Failure unreadable(std::string_view expected) const;
  static Failure unreadable_at(std::size_t number, const std::string& what);

 private:
  std::vector<std::string_view> lines_;
  std::size_t next_ = 0;
};

// Takes one line of a hunk's body into `hunk`; false when the next line is none.
bool take_body_line(PatchLines& lines, Hunk& hunk);

Result<std::vector<FilePatch>> parse_sections(PatchLines& lines);
Result<std::vector<FilePatch>> parse_unified(PatchLines& lines);

}  // namespace ottobot::sandboxd
