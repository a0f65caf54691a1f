#include "mcp/argument_check.hpp"

#include <cmath>

namespace ottobot::mcp {

namespace {

bool is_integer(const Json& value) {
  if (value.is_number_integer()) return true;
  return value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>();
}

bool has_type(const Json& value, std::string_view type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return is_integer(value);
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  if (type == "null") return value.is_null();
  return true;
}

// `type` is a name or an array of names; anything else allows everything.
bool fits(const Json& value, const Json& type) {
  if (type.is_string()) return has_type(value, type.get_ref<const std::string&>());
  if (!type.is_array() || type.empty()) return true;
  for (const Json& one : type) {
    if (!one.is_string() || has_type(value, one.get_ref<const std::string&>())) return true;
  }
  return false;
}

std::string describe(const Json& type) {
  if (type.is_string()) return type.get<std::string>();
  std::string names;
  for (const Json& one : type) names += (names.empty() ? "" : " or ") + one.get<std::string>();
  return names;
}

const Json* declared_type(const Json& schema, std::string_view name) {
  const Json* properties = find_member(schema, "properties");
  const Json* property = properties ? find_member(*properties, name) : nullptr;
  return property ? find_member(*property, "type") : nullptr;
}

std::string missing_text(const Tool& tool, const std::string& name) {
  const Json* type = declared_type(tool.input_schema, name);
  const std::string of_type = type && type->is_string() ? " (" + type->get<std::string>() + ")" : "";
  return "Missing argument \"" + name + "\"" + of_type + ": " + tool.name + " requires it. ";
}

}  // namespace

std::optional<std::string> find_argument_error(const Tool& tool, const Json& args) {
  std::string problems;
  const Json* required = find_member(tool.input_schema, "required");
  if (required && required->is_array()) {
    for (const Json& name : *required) {
      if (name.is_string() && !args.contains(name.get_ref<const std::string&>()))
        problems += missing_text(tool, name.get<std::string>());
    }
  }
  for (const auto& [name, value] : args.items()) {
    const Json* type = declared_type(tool.input_schema, name);
    if (type && !fits(value, *type)) {
      problems += "Argument \"" + name + "\" of " + tool.name + " must be of type " + describe(*type) + ", not " +
                  value.type_name() + ". ";
    }
  }
  if (problems.empty()) return std::nullopt;
  problems.pop_back();
  return problems;
}

}  // namespace ottobot::mcp
