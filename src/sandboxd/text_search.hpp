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

  // Calls `on_line` with each line that has a match (number from 1, text without its end) until it returns false.
  // Errors: invalid_argument (the pattern takes too long on this text).
  using OnLine = std::function<bool(std::size_t number, std::string_view line)>;
  Result<void> search(std::string_view text, const OnLine& on_line) const;

 private:
  struct Code;
  explicit TextSearch(std::unique_ptr<Code> code);
  std::unique_ptr<Code> code_;
};

}  // namespace ottobot::sandboxd
