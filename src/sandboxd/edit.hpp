// Replacing one piece of text by another. Pure functions.
#pragma once

#include <cstddef>
#include <string>

#include "ottobot/error.hpp"

namespace ottobot::sandboxd {

struct Replacement {
  std::string old_text, new_text;
  bool all = false;  // otherwise old_text must occur exactly once
};

struct EditedText {
  std::string text;
  std::size_t count = 0;
};

// In a file with CRLF lines, a text with plain LF matches too and stays CRLF. Errors: invalid_argument (empty or equal
// texts), not_found (no match), conflict (more than one match).
Result<EditedText> replace_text(const std::string& content, const Replacement& replacement);

// What changed between two versions, as lines that start with "-", "+" or " ": one block around the first and last
// difference, shortened to `max_lines`.
std::string short_diff(std::string_view before, std::string_view after, std::size_t max_lines);

}  // namespace ottobot::sandboxd
