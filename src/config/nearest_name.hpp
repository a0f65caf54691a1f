// What somebody may have meant who wrote a name that nobody knows. Pure.
#pragma once

#include <span>
#include <string_view>

namespace ottobot::config {

// The one of `names` that is fewest edits away (insert, delete, replace, swap of neighbours), case apart; empty when
// none is near: at most a third of the word, and at least one edit.
std::string_view nearest_name(std::string_view word, std::span<const std::string_view> names);

}  // namespace ottobot::config
