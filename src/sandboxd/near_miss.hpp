// What to tell a model whose text is not in a file: where something like it is. Pure.
#pragma once

#include <string>
#include <string_view>

namespace ottobot::sandboxd {

// "; with other white space it is in lines 4–5:" or "; the nearest is in line 4:" and these lines with their numbers,
// as the file has them. Empty when nothing is near.
std::string describe_near_miss(std::string_view content, std::string_view wanted);

}  // namespace ottobot::sandboxd
