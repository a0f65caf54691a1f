// The words of issues: what a value is, what was expected. For a model to act on: short, exact, nothing of schemas.
#pragma once

#include <string>

#include "json_schema/node.hpp"

namespace ottobot::json_schema {

// "the string \"abc\"", "the number 5", "null", "an array of 3 items".
std::string describe_value(const Json& value);
// "a string or null"; empty for any type.
std::string describe_types(Types types);
// "one of \"a\", \"b\"".
std::string describe_choices(const Json& choices);
// What kind of value a schema wants, as far as one can say it in a few words; may be empty.
std::string describe_node(const Node& node);

}  // namespace ottobot::json_schema
