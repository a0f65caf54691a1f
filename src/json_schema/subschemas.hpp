// Where schemas are inside a schema: keywords whose values are schemas themselves.
#pragma once

#include <functional>

#include "ottobot/json.hpp"

namespace ottobot::json_schema {

// The schemas one level below `schema`. What unknown keywords hold is data and not looked at.
void for_each_subschema(const Json& schema, const std::function<void(const Json& subschema)>& visit);

}  // namespace ottobot::json_schema
