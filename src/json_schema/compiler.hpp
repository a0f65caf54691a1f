// From schemas to nodes. One use, one thread. Without recursion: every subschema waits in a queue.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "json_schema/node.hpp"

namespace ottobot::json_schema {

class Compiler {
 public:
  explicit Compiler(Graph& graph) : graph_(graph) {}

  // Fills the graph. Errors: as Schema::compile.
  Result<void> run(const Json& schema);

 private:
  struct Work {
    const Json* schema;
    Resource* resource;
    std::string place;  // in the schema, as a JSON pointer
    Node* node;
  };

  // The node of a schema; compiled later.
  const Node* node_of(const Json& schema, Resource& resource, std::string place);
  void compile(const Work& work);
  void compile_dynamic_anchors();

  // Keyword groups (compile_rules.cpp).
  void add_assertions(const Work& work);
  void add_number_rules(const Work& work);
  void add_string_rules(const Work& work);
  void add_array_rules(const Work& work);
  void add_item_schemas(const Work& work, ArrayRules& rules);
  void add_object_rules(const Work& work);
  void add_in_place_rules(const Work& work);
  void add_legacy_dependencies(const Work& work);

  // Values of keywords; absent ones are empty. The wrong form becomes the error.
  std::optional<std::size_t> count(const Work& work, const char* keyword);
  const Json* number(const Work& work, const char* keyword);
  const Json* object(const Work& work, const char* keyword);
  std::vector<std::string> names(const Work& work, const Json& list, const std::string& place);
  const Node* subschema(const Work& work, const char* keyword);
  std::vector<const Node*> subschemas(const Work& work, const char* keyword);
  const Node* child(const Work& work, const Json& schema, const std::string& place);
  std::optional<Pattern> pattern(const Work& work, const std::string& source, const std::string& place);
  const Node* referenced(const Work& work, const char* keyword, std::string* dynamic_anchor);

  void refuse(const Work& work, const std::string& place, const std::string& text);

  Graph& graph_;
  std::deque<Work> queue_;
  std::unordered_map<const Json*, Node*> known_;
  bool follows_dynamic_anchors_ = false;
  std::optional<Error> error_;  // the first
};

}  // namespace ottobot::json_schema
