// File names as a model reads and writes them. A name is bytes to the kernel and UTF-8 to a model: other bytes are
// shown as \xHH, and taken back in that form. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace ottobot::sandboxd {

// Valid UTF-8.
std::string shown_name(std::string_view bytes);
// What shown_name() was given. A name that really has a backslash before such digits cannot be named.
std::string raw_name(std::string_view shown);
// For lists of one name per line: a name with control characters stands as a JSON string.
std::string listed_name(std::string_view bytes);

}  // namespace ottobot::sandboxd
