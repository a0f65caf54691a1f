#include "sandboxd/patch_lines.hpp"

#include <algorithm>

#include "sandboxd/text.hpp"

namespace ottobot::sandboxd {

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

PatchLines::PatchLines(std::string_view text) : lines_(split_lines(text)) {
  for (std::string_view& line : lines_) {
    if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  }
}

std::optional<std::string> PatchLines::take_after(std::string_view prefix) {
  if (done() || !starts_with(peek(), prefix)) return std::nullopt;
  return std::string(trim(take().substr(prefix.size())));
}

bool PatchLines::skip_to(std::string_view wanted) {
  auto found = std::find_if(lines_.begin(), lines_.end(), [&](std::string_view line) { return trim(line) == wanted; });
  if (found == lines_.end()) return false;
  next_ = static_cast<std::size_t>(found - lines_.begin());
  return true;
}

Failure PatchLines::unreadable_at(std::size_t number, const std::string& what) {
  return invalid_argument("the patch cannot be read at line " + std::to_string(number) + ": " + what);
}

Failure PatchLines::unreadable(std::string_view expected) const {
  std::string found = done() ? "found its end" : "found '" + std::string(peek().substr(0, 120)) + "'";
  return unreadable_at(number(), "expected " + std::string(expected) + ", " + found);
}

bool take_body_line(PatchLines& lines, Hunk& hunk) {
  std::string_view line = lines.peek();
  // Models drop the space of empty context lines.
  if (line.empty() || line.front() == ' ') {
    hunk.context.emplace_back(hunk.before.size());
    hunk.before.emplace_back(line.substr(line.empty() ? 0 : 1));
    hunk.after.push_back(hunk.before.back());
  } else if (line.front() == '-') {
    hunk.before.emplace_back(line.substr(1));
  } else if (line.front() == '+') {
    hunk.context.emplace_back(std::nullopt);
    hunk.after.emplace_back(line.substr(1));
  } else {
    return false;
  }
  lines.take();
  return true;
}

}  // namespace ottobot::sandboxd
