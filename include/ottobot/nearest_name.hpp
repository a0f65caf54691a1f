// What somebody may have meant who wrote a name that nobody knows: a command, a setting, an argument of a tool. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ottobot {

// The one of `names` that is fewest edits away (insert, delete, replace, swap of neighbours), the first of equals;
// case, '_' and '-' do not count. Empty when none is near: at most a third of the name, at least one edit, and not
// every letter of it. Names of more than 64 bytes are near to nothing.
std::string nearest_name(std::string_view name, const std::vector<std::string>& names);

}  // namespace ottobot
