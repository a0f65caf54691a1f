// A compiled regular expression (PCRE2 syntax) that finds lines.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ottobot/error.hpp"

namespace ottobot::sandboxd {

class TextSearch {
 public:
  // Errors: invalid_argument, with PCRE2's reason.
  static Result<TextSearch> compile(const std::string& pattern);
  TextSearch(TextSearch&&) noexcept;
  TextSearch& operator=(TextSearch&&) noexcept;
  ~TextSearch();

  struct Line {
    std::size_t number = 0;    // from 1
    std::string_view text;     // without its end
    std::size_t match_at = 0;  // where in `text` its first match begins
  };
  // Calls `on_line` with each line that has a match until it returns false. Errors: resource_exhausted (the pattern
  // takes too long on this text).
  using OnLine = std::function<bool(const Line& line)>;
  Result<void> search(std::string_view text, const OnLine& on_line) const;

 private:
  struct Code;
  explicit TextSearch(std::unique_ptr<Code> code);
  std::unique_ptr<Code> code_;
};

}  // namespace ottobot::sandboxd
