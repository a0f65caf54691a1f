// A regular expression of JSON Schema (ECMA-262 with the u flag), matched by PCRE2 under limits.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "ottobot/error.hpp"

namespace ottobot::json_schema {

// Immutable and thread-safe.
class Pattern {
 public:
  // Errors: invalid_argument (the message says what is wrong).
  static Result<Pattern> compile(const std::string& ecma);
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  enum class Match { yes, no, gave_up };  // gave_up: the search passed its limit
  // Anywhere in `text`; invalid UTF-8 in it matches nothing.
  Match find_in(std::string_view text) const;
  const std::string& source() const { return source_; }

 private:
  struct Code;
  Pattern(std::string source, std::unique_ptr<Code> code);
  std::string source_;
  std::unique_ptr<Code> code_;
};

}  // namespace ottobot::json_schema
