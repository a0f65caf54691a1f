#include "json_schema/subschemas.hpp"

#include <array>

namespace ottobot::json_schema {

namespace {

constexpr std::array kSingle{"additionalProperties",
                             "items",
                             "contains",
                             "not",
                             "if",
                             "then",
                             "else",
                             "additionalItems",
                             "propertyNames",
                             "contentSchema",
                             "unevaluatedItems",
                             "unevaluatedProperties"};
constexpr std::array kLists{"allOf", "anyOf", "oneOf", "prefixItems", "items"};
constexpr std::array kMaps{"$defs",       "definitions", "properties", "patternProperties", "dependentSchemas",
                           "dependencies"};

bool is_schema(const Json& value) { return value.is_object() || value.is_boolean(); }

}  // namespace

void for_each_subschema(const Json& schema, const std::function<void(const Json& subschema)>& visit) {
  if (!schema.is_object()) return;
  const auto visit_schema = [&visit](const Json& value) {
    if (is_schema(value)) visit(value);
  };
  for (const char* keyword : kSingle) {
    if (const Json* value = find_member(schema, keyword)) visit_schema(*value);
  }
  for (const char* keyword : kLists) {
    const Json* list = find_member(schema, keyword);
    if (!list || !list->is_array()) continue;
    for (const Json& element : *list) visit_schema(element);
  }
  for (const char* keyword : kMaps) {
    const Json* map = find_member(schema, keyword);
    if (!map || !map->is_object()) continue;
    for (const Json& element : *map) visit_schema(element);
  }
}

}  // namespace ottobot::json_schema
