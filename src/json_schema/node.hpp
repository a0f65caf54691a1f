// A compiled schema: a graph of nodes, one per subschema in use. Built by the Compiler, read by Evaluations from many
// threads.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "json_schema/pattern.hpp"
#include "json_schema/schema_index.hpp"

namespace ottobot::json_schema {

// A set of the type names.
using Types = unsigned;
namespace type {
inline constexpr Types kNull = 1, kBoolean = 2, kInteger = 4, kNumber = 8, kString = 16, kArray = 32, kObject = 64;
inline constexpr Types kAny = 127;
}  // namespace type

struct NumberRules {
  const Json* minimum = nullptr;
  const Json* maximum = nullptr;
  const Json* exclusive_minimum = nullptr;
  const Json* exclusive_maximum = nullptr;
  const Json* multiple_of = nullptr;
};

struct StringRules {
  std::optional<std::size_t> min_length, max_length;  // in code points
  std::optional<Pattern> pattern;
};

struct ArrayRules {
  std::vector<const Node*> prefix;
  const Node* items = nullptr;
  const Node* contains = nullptr;
  std::size_t min_contains = 1;
  std::optional<std::size_t> max_contains;
  std::optional<std::size_t> min_items, max_items;
  bool unique = false;
};

struct ObjectRules {
  std::map<std::string, const Node*, std::less<>> properties;
  std::vector<std::pair<Pattern, const Node*>> patterns;
  const Node* additional = nullptr;
  const Node* names = nullptr;
  std::vector<std::string> required;
  std::map<std::string, std::vector<std::string>> dependent_required;
  std::optional<std::size_t> min_properties, max_properties;
};

// Applicators to the same value.
struct InPlaceRules {
  const Node* reference = nullptr;
  const Node* dynamic_reference = nullptr;
  std::string dynamic_anchor;  // what dynamic_reference is looked up by; empty = it is the target itself
  std::vector<const Node*> all_of, any_of, one_of;
  const Node* negated = nullptr;
  const Node* condition = nullptr;
  const Node* then = nullptr;
  const Node* otherwise = nullptr;
  std::map<std::string, const Node*> dependents;
};

struct Node {
  bool forbids = false;  // the schema `false`
  Types types = type::kAny;
  const Json* constant = nullptr;
  const Json* choices = nullptr;
  std::unique_ptr<NumberRules> numbers;
  std::unique_ptr<StringRules> strings;
  std::unique_ptr<ArrayRules> arrays;
  std::unique_ptr<ObjectRules> objects;
  std::unique_ptr<InPlaceRules> in_place;
  const Node* unevaluated_items = nullptr;
  const Node* unevaluated_properties = nullptr;
  const Resource* resource = nullptr;
};

// What nodes point into lives here, too.
struct Graph {
  explicit Graph(const std::map<std::string, Json>& documents) : index(documents) {}
  SchemaIndex index;
  std::deque<Node> nodes;
  const Node* root = nullptr;
};

}  // namespace ottobot::json_schema
