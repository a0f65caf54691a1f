// File names as people, models and JSON have them. A name is bytes to the kernel and UTF-8 to them: other bytes are
// shown as \xHH, and taken back in that form. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace ottobot {

// Valid UTF-8.
std::string shown_name(std::string_view bytes);
// What shown_name() was given. A name that really has a backslash before such digits cannot be named.
std::string raw_name(std::string_view shown);

}  // namespace ottobot
