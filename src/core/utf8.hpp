// Steps through UTF-8 text. The public functions on it are in ottobot/json.hpp.
#pragma once

#include <cstddef>
#include <string_view>

namespace ottobot {

struct Utf8Step {
  std::size_t length = 1;
  bool valid = false;
  bool truncated = false;  // valid so far, ends with the text
};

// The sequence that starts at `i`, by the table of RFC 3629 §4. Invalid ones are as long as their longest valid prefix.
Utf8Step utf8_step(std::string_view text, std::size_t i);

}  // namespace ottobot
