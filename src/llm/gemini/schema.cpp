#include "llm/gemini/schema.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace ottobot::llm::gemini {
namespace {

constexpr std::array<std::string_view, 10> kPlain = {"$id",      "$anchor",  "type",    "format",  "title",
                                                     "minItems", "maxItems", "minimum", "maximum", "required"};
constexpr std::array<std::string_view, 2> kOne = {"items", "additionalProperties"};
constexpr std::array<std::string_view, 3> kLists = {"prefixItems", "anyOf", "oneOf"};

template <std::size_t N>
bool is_in(const std::array<std::string_view, N>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_choice(const Json& value) { return value.is_string() || value.is_number(); }

Json supported(const Json& schema);

Json list_of(const Json& schemas) {
  Json list = Json::array();
  for (const Json& schema : schemas) list.push_back(supported(schema));
  return list;
}

Json map_of(const Json& schemas) {
  Json map = Json::object();
  for (const auto& [name, schema] : schemas.items()) map[name] = supported(schema);
  return map;
}

// The API allows nothing beside a reference.
Json reference(const std::string& target) {
  constexpr std::string_view kOld = "#/definitions/";
  if (target.compare(0, kOld.size(), kOld) != 0) return {{"$ref", target}};
  return {{"$ref", "#/$defs/" + target.substr(kOld.size())}};
}

void describe(Json& out, const Json& schema) {
  std::string text = get_string(schema, "description");
  const Json* usual = find_member(schema, "default");
  if (usual != nullptr && usual->is_primitive())
    text += (text.empty() ? "Default: " : " Default: ") + dump_json(*usual);
  if (!text.empty()) out["description"] = std::move(text);
}

void choices(Json& out, const Json& schema) {
  if (const Json* only = find_member(schema, "const"); only != nullptr && is_choice(*only)) {
    out["enum"] = Json::array({*only});
  }
  const Json* list = find_member(schema, "enum");
  if (list != nullptr && list->is_array() && std::all_of(list->begin(), list->end(), is_choice)) out["enum"] = *list;
}

Json supported(const Json& schema) {
  if (!schema.is_object()) return schema;
  if (const Json* target = find_member(schema, "$ref"); target != nullptr && target->is_string()) {
    return reference(target->get<std::string>());
  }
  Json out = Json::object();
  for (const auto& [name, value] : schema.items()) {
    if (is_in(kPlain, name)) out[name] = value;
    if (is_in(kOne, name)) out[name] = supported(value);
    if (is_in(kLists, name) && value.is_array()) out[name] = list_of(value);
    if (name == "properties" && value.is_object()) out[name] = map_of(value);
    if ((name == "$defs" || name == "definitions") && value.is_object()) out["$defs"] = map_of(value);
  }
  describe(out, schema);
  choices(out, schema);
  return out;
}

}  // namespace

Json supported_schema(const Json& schema) {
  Json out = supported(schema.is_object() ? schema : Json::object());
  if (!out.contains("$ref")) out["type"] = "object";
  return out;
}

}  // namespace ottobot::llm::gemini
