// JSON values as JSON Schema sees them (Core §4.2.2): numbers compare by their mathematical value.
#pragma once

#include "ottobot/json.hpp"

namespace ottobot::json_schema {

// A total order; 0 for equal values. Numbers are exact: no integer is rounded to be compared.
int order(const Json& a, const Json& b);
inline bool equal(const Json& a, const Json& b) { return order(a, b) == 0; }
// 1.0 is an integer.
bool is_integer(const Json& value);
// Exact in decimal: 0.0075 is a multiple of 0.0001. Both are numbers, `divisor` is above 0.
bool is_multiple_of(const Json& value, const Json& divisor);
bool has_duplicates(const Json& array);

}  // namespace ottobot::json_schema
