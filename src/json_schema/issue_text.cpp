#include "json_schema/issue_text.hpp"

#include <array>

namespace ottobot::json_schema {

namespace {

constexpr std::size_t kMaxQuoted = 60;
constexpr std::size_t kMaxChoices = 12;

std::string quoted(const Json& value) {
  std::string text = dump_json(value);
  if (text.size() <= kMaxQuoted) return text;
  text.resize(utf8_complete_prefix(std::string_view(text).substr(0, kMaxQuoted)));
  return text + (value.is_string() ? "…\"" : "…");
}

}  // namespace

std::string describe_value(const Json& value) {
  if (value.is_string()) return "the string " + quoted(value);
  if (value.is_number()) return "the number " + quoted(value);
  if (value.is_array())
    return value.size() == 1 ? "an array of 1 item" : "an array of " + std::to_string(value.size()) + " items";
  if (value.is_object()) return "an object";
  return quoted(value);
}

std::string describe_types(Types types) {
  if (types == type::kAny) return {};
  constexpr std::array<std::pair<Types, const char*>, 7> kNames{{{type::kString, "a string"},
                                                                 {type::kNumber, "a number"},
                                                                 {type::kInteger, "an integer"},
                                                                 {type::kBoolean, "a boolean"},
                                                                 {type::kArray, "an array"},
                                                                 {type::kObject, "an object"},
                                                                 {type::kNull, "null"}}};
  if (types & type::kNumber) types &= ~type::kInteger;
  std::string text;
  for (const auto& [bit, name] : kNames) {
    if (types & bit) text += (text.empty() ? "" : " or ") + std::string(name);
  }
  return text;
}

std::string describe_choices(const Json& choices) {
  std::string text = "one of ";
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i == kMaxChoices) return text + ", … (" + std::to_string(choices.size()) + " values)";
    text += (i == 0 ? "" : ", ") + quoted(choices[i]);
  }
  return text;
}

std::string describe_node(const Node& node) {
  if (node.constant) return quoted(*node.constant);
  if (node.choices) return describe_choices(*node.choices);
  return describe_types(node.types);
}

}  // namespace ottobot::json_schema
