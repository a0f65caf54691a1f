// Words of shell commands.
#pragma once

#include <string>

namespace ottobot::sandboxd {

// `text` as one word for a POSIX shell.
inline std::string shell_word(const std::string& text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

}  // namespace ottobot::sandboxd
