// File names in answers for a model.
#pragma once

#include <string>
#include <string_view>

#include "ottobot/file_names.hpp"

namespace ottobot::sandboxd {

// For lists of one name per line: a name with control characters stands as a JSON string, other bytes than UTF-8 as
// shown_name() says.
std::string listed_name(std::string_view bytes);

}  // namespace ottobot::sandboxd
