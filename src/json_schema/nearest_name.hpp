// What was probably meant by a name that is not known.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ottobot::json_schema {

// The candidate that differs from `name` by few letters (swapped ones count once; case, '_' and '-' do not count at
// all), or empty.
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace ottobot::json_schema
