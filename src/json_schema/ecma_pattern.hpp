// Regular expressions from ECMA-262 (u flag) to PCRE2's dialect. Pure function over text.
#pragma once

#include <string>
#include <string_view>

#include "ottobot/error.hpp"

namespace ottobot::json_schema {

// The same expression for PCRE2 (UTF, no UCP). Escaped punctuation is taken even where the u flag forbids it; what only
// other dialects know (\A, \Q, inline options, recursion, verbs) is refused. Errors: invalid_argument.
Result<std::string> to_pcre(std::string_view ecma);

}  // namespace ottobot::json_schema
