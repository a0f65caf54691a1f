// Text of others on a terminal. Pure.
#pragma once

#include <string>
#include <string_view>

namespace ottobot::cli {

// `text` without control characters but newlines and tabs: a model must not drive the terminal.
std::string for_terminal(std::string_view text);

// The same with every run of blanks and newlines as one blank.
std::string single_line(std::string_view text);

}  // namespace ottobot::cli
