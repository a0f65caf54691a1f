#include "terminal_text.hpp"

#include <algorithm>

#include "ottobot/json.hpp"

namespace ottobot::cli {

std::string for_terminal(std::string_view text) {
  std::string clean = to_valid_utf8(text);
  std::replace_if(
      clean.begin(), clean.end(),
      [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f; }, ' ');
  // C1 controls (U+0080..U+009F) are two bytes in UTF-8; some terminals obey them.
  for (std::size_t at = 0; (at = clean.find('\xc2', at)) != std::string::npos; ++at) {
    if (at + 1 < clean.size() && static_cast<unsigned char>(clean[at + 1]) < 0xa0) clean.replace(at, 2, " ");
  }
  return clean;
}

std::string single_line(std::string_view text) {
  std::string line;
  for (const char c : for_terminal(text)) {
    const bool blank = c == '\n' || c == '\t' || c == ' ';
    if (!blank) line += c;
    if (blank && !line.empty() && line.back() != ' ') line += ' ';
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace ottobot::cli
