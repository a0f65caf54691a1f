// The keywords of a schema, group by group.
#include "json_schema/compiler.hpp"
#include "json_schema/values.hpp"

namespace ottobot::json_schema {

namespace {

Types type_named(const Json& name) {
  const std::string text = name.is_string() ? name.get<std::string>() : std::string();
  if (text == "null") return type::kNull;
  if (text == "boolean") return type::kBoolean;
  if (text == "integer") return type::kInteger;
  if (text == "number") return type::kNumber | type::kInteger;
  if (text == "string") return type::kString;
  if (text == "array") return type::kArray;
  return text == "object" ? type::kObject : 0;
}

bool is_schema(const Json& value) { return value.is_object() || value.is_boolean(); }

}  // namespace

void Compiler::add_assertions(const Work& work) {
  Node& node = *work.node;
  node.constant = find_member(*work.schema, "const");
  node.choices = find_member(*work.schema, "enum");
  if (node.choices && !node.choices->is_array()) refuse(work, "enum", "must be an array");
  const Json* types = find_member(*work.schema, "type");
  if (!types) return;
  node.types = 0;
  const bool is_list = types->is_array() && !types->empty();
  for (const Json& name : is_list ? *types : Json::array({*types})) {
    const Types one = type_named(name);
    if (one == 0) return refuse(work, "type", "must name null, boolean, integer, number, string, array or object");
    node.types |= one;
  }
}

void Compiler::add_number_rules(const Work& work) {
  NumberRules rules;
  rules.minimum = number(work, "minimum");
  rules.maximum = number(work, "maximum");
  rules.exclusive_minimum = number(work, "exclusiveMinimum");
  rules.exclusive_maximum = number(work, "exclusiveMaximum");
  rules.multiple_of = number(work, "multipleOf");
  if (rules.multiple_of && order(*rules.multiple_of, 0) <= 0) refuse(work, "multipleOf", "must be above 0");
  if (rules.minimum || rules.maximum || rules.exclusive_minimum || rules.exclusive_maximum || rules.multiple_of) {
    work.node->numbers = std::make_unique<NumberRules>(rules);
  }
}

void Compiler::add_string_rules(const Work& work) {
  StringRules rules;
  rules.min_length = count(work, "minLength");
  rules.max_length = count(work, "maxLength");
  if (const Json* source = find_member(*work.schema, "pattern")) {
    if (!source->is_string()) return refuse(work, "pattern", "must be a string");
    rules.pattern = pattern(work, source->get<std::string>(), "pattern");
  }
  if (rules.min_length || rules.max_length || rules.pattern) {
    work.node->strings = std::make_unique<StringRules>(std::move(rules));
  }
}

void Compiler::add_array_rules(const Work& work) {
  ArrayRules rules;
  add_item_schemas(work, rules);
  rules.contains = subschema(work, "contains");
  if (work.resource->asserts) {
    rules.min_contains = count(work, "minContains").value_or(1);
    rules.max_contains = count(work, "maxContains");
    rules.min_items = count(work, "minItems");
    rules.max_items = count(work, "maxItems");
    rules.unique = get_bool(*work.schema, "uniqueItems");
  }
  if (!rules.prefix.empty() || rules.items || rules.contains || rules.min_items || rules.max_items || rules.unique) {
    work.node->arrays = std::make_unique<ArrayRules>(std::move(rules));
  }
}

void Compiler::add_item_schemas(const Work& work, ArrayRules& rules) {
  rules.prefix = subschemas(work, "prefixItems");
  const Json* items = find_member(*work.schema, "items");
  // Up to 2019-09 a list of schemas for the first items, with additionalItems for the others.
  const bool is_old = items && items->is_array() && rules.prefix.empty();
  if (is_old) rules.prefix = subschemas(work, "items");
  rules.items = subschema(work, is_old ? "additionalItems" : "items");
}

void Compiler::add_object_rules(const Work& work) {
  ObjectRules rules;
  if (const Json* properties = object(work, "properties")) {
    for (const auto& [name, schema] : properties->items()) {
      rules.properties.emplace(name, child(work, schema, "properties/" + name));
    }
  }
  if (const Json* patterns = object(work, "patternProperties")) {
    for (const auto& [source, schema] : patterns->items()) {
      auto compiled = pattern(work, source, "patternProperties");
      if (!compiled) return;
      rules.patterns.emplace_back(std::move(*compiled), child(work, schema, "patternProperties/" + source));
    }
  }
  rules.additional = subschema(work, "additionalProperties");
  rules.names = subschema(work, "propertyNames");
  if (work.resource->asserts) {
    rules.min_properties = count(work, "minProperties");
    rules.max_properties = count(work, "maxProperties");
    if (const Json* required = find_member(*work.schema, "required")) {
      rules.required = names(work, *required, "required");
    }
    if (const Json* dependent = object(work, "dependentRequired")) {
      for (const auto& [name, list] : dependent->items()) {
        rules.dependent_required[name] = names(work, list, "dependentRequired/" + name);
      }
    }
  }
  const bool has_rules = !rules.properties.empty() || !rules.patterns.empty() || rules.additional || rules.names ||
                         !rules.required.empty() || !rules.dependent_required.empty() || rules.min_properties ||
                         rules.max_properties;
  if (has_rules) work.node->objects = std::make_unique<ObjectRules>(std::move(rules));
}

void Compiler::add_in_place_rules(const Work& work) {
  InPlaceRules found;
  found.reference = referenced(work, "$ref", nullptr);
  found.dynamic_reference = referenced(work, "$dynamicRef", &found.dynamic_anchor);
  found.all_of = subschemas(work, "allOf");
  found.any_of = subschemas(work, "anyOf");
  found.one_of = subschemas(work, "oneOf");
  found.negated = subschema(work, "not");
  found.condition = subschema(work, "if");
  found.then = subschema(work, "then");
  found.otherwise = subschema(work, "else");
  if (const Json* dependents = object(work, "dependentSchemas")) {
    for (const auto& [name, schema] : dependents->items()) {
      found.dependents.emplace(name, child(work, schema, "dependentSchemas/" + name));
    }
  }
  const bool has_rules = found.reference || found.dynamic_reference || !found.all_of.empty() || !found.any_of.empty() ||
                         !found.one_of.empty() || found.negated || found.condition || !found.dependents.empty();
  if (has_rules) work.node->in_place = std::make_unique<InPlaceRules>(std::move(found));
  add_legacy_dependencies(work);
}

// Up to draft 7: dependentRequired and dependentSchemas in one.
void Compiler::add_legacy_dependencies(const Work& work) {
  const Json* dependencies = object(work, "dependencies");
  if (!dependencies) return;
  Node& node = *work.node;
  for (const auto& [name, value] : dependencies->items()) {
    if (value.is_array() && work.resource->asserts) {
      if (!node.objects) node.objects = std::make_unique<ObjectRules>();
      node.objects->dependent_required.emplace(name, names(work, value, "dependencies/" + name));
    } else if (is_schema(value)) {
      if (!node.in_place) node.in_place = std::make_unique<InPlaceRules>();
      node.in_place->dependents.emplace(name, child(work, value, "dependencies/" + name));
    }
  }
}

std::optional<std::size_t> Compiler::count(const Work& work, const char* keyword) {
  const Json* value = find_member(*work.schema, keyword);
  if (!value) return std::nullopt;
  if (!value->is_number() || !is_integer(*value) || order(*value, 0) < 0) {
    refuse(work, keyword, "must be an integer that is not negative");
    return std::nullopt;
  }
  return value->is_number_float() ? static_cast<std::size_t>(value->get<double>()) : value->get<std::size_t>();
}

const Json* Compiler::number(const Work& work, const char* keyword) {
  const Json* value = find_member(*work.schema, keyword);
  if (value && !value->is_number()) refuse(work, keyword, "must be a number");
  return value;
}

const Json* Compiler::object(const Work& work, const char* keyword) {
  const Json* value = find_member(*work.schema, keyword);
  if (value && !value->is_object()) {
    refuse(work, keyword, "must be an object");
    return nullptr;
  }
  return value;
}

std::vector<std::string> Compiler::names(const Work& work, const Json& list, const std::string& place) {
  std::vector<std::string> found;
  if (!list.is_array()) refuse(work, place, "must be an array of strings");
  for (const Json& name : list) {
    if (!name.is_string()) {
      refuse(work, place, "must be an array of strings");
      return found;
    }
    found.push_back(name.get<std::string>());
  }
  return found;
}

const Node* Compiler::subschema(const Work& work, const char* keyword) {
  const Json* schema = find_member(*work.schema, keyword);
  return schema ? child(work, *schema, keyword) : nullptr;
}

std::vector<const Node*> Compiler::subschemas(const Work& work, const char* keyword) {
  std::vector<const Node*> found;
  const Json* list = find_member(*work.schema, keyword);
  if (!list) return found;
  if (!list->is_array()) {
    refuse(work, keyword, "must be an array of schemas");
    return found;
  }
  for (const Json& schema : *list) {
    found.push_back(child(work, schema, keyword + ("/" + std::to_string(found.size()))));
  }
  return found;
}

std::optional<Pattern> Compiler::pattern(const Work& work, const std::string& source, const std::string& place) {
  auto compiled = Pattern::compile(source);
  if (compiled) return std::move(*compiled);
  refuse(work, place, "is unusable: " + compiled.error().message);
  return std::nullopt;
}

}  // namespace ottobot::json_schema
