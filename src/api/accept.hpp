// What an Accept field asks for (RFC 9110 §12.5.1). Pure.
#pragma once

#include <string_view>

namespace ottobot::api {

// The highest weight that `accept` (empty = none) gives to the media type `type` by its name; 0 when it does not name
// it.
double accept_weight(std::string_view accept, std::string_view type);

}  // namespace ottobot::api
