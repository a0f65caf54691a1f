// One value against a compiled schema. One use, one thread.
//
// Two ways: asked for yes or no it stops at the first failure; asked for issues it looks at everything. Annotations are
// collected only where an unevaluated… keyword waits for them.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "json_schema/node.hpp"
#include "json_schema/schema.hpp"

namespace ottobot::json_schema {

// Where in the value we are; a chain on the stack.
struct Path {
  const Path* parent = nullptr;
  std::string_view name;  // of a member; empty data() for an item
  std::size_t index = 0;

  // "files[2].name".
  std::string to_string() const;
};

// The parts of one value that some schema has looked at (annotations of Core §7.7).
struct Evaluated {
  bool all_members = false;
  std::set<std::string_view> members;
  std::size_t first_items = 0;  // so many from the start
  std::set<std::size_t> items;

  void merge(const Evaluated& other);
};

class Evaluation {
 public:
  // With `issues` it collects up to `max_issues`; null for yes or no. Both are borrowed.
  Evaluation(std::vector<Issue>* issues, std::size_t max_issues) : issues_(issues), max_issues_(max_issues) {}

  bool run(const Node& root, const Json& value);

 private:
  class Scope;

  bool check(const Node& node, const Json& value, const Path& path, Evaluated* outer);
  bool check_parts(const Node& node, const Json& value, const Path& path, Evaluated* evaluated);
  bool check_value(const Node& node, const Json& value, const Path& path);
  bool check_number(const NumberRules& rules, const Json& value, const Path& path);
  bool check_string(const StringRules& rules, const std::string& value, const Path& path);
  bool check_in_place(const InPlaceRules& rules, const Json& value, const Path& path, Evaluated* evaluated);
  bool check_any_of(const InPlaceRules& rules, const Json& value, const Path& path, Evaluated* evaluated);
  bool check_one_of(const InPlaceRules& rules, const Json& value, const Path& path, Evaluated* evaluated);
  bool check_condition(const InPlaceRules& rules, const Json& value, const Path& path, Evaluated* evaluated);
  const Node& dynamic_target(const InPlaceRules& rules) const;

  // evaluate_array.cpp
  bool check_array(const ArrayRules& rules, const Json& value, const Path& path, Evaluated* evaluated);
  bool check_items(const ArrayRules& rules, const Json& value, const Path& path, Evaluated* evaluated);
  bool check_contains(const ArrayRules& rules, const Json& value, const Path& path, Evaluated* evaluated);
  bool check_unevaluated_items(const Node& rule, const Json& value, const Path& path, Evaluated& evaluated);

  // evaluate_object.cpp
  bool check_object(const ObjectRules& rules, const Json& value, const Path& path, Evaluated* evaluated);
  bool check_members(const ObjectRules& rules, const Json& value, const Path& path, Evaluated* evaluated);
  bool check_member(const ObjectRules& rules, const std::string& name, const Json& value, const Path& path,
                    bool& matched);
  bool check_required(const ObjectRules& rules, const Json& value, const Path& path);
  bool check_unevaluated_members(const Node& rule, const Json& value, const Path& path, Evaluated& evaluated);
  bool refuse_member(const ObjectRules* rules, const Path& path);

  // Whether a schema holds, without a word about it.
  bool holds(const Node& node, const Json& value, const Path& path, Evaluated* evaluated);
  // Of branches of which none holds: the issues of the one that comes nearest.
  void report_nearest(const std::vector<const Node*>& branches, const Json& value, const Path& path);

  bool collecting() const { return issues_ != nullptr; }
  // Always false, for `return report(…)`. `text` is made only when somebody wants it.
  template <class Text>
  bool report(Issue::Kind kind, const Path& path, const Text& text) {
    if (issues_ && issues_->size() < max_issues_) issues_->push_back({kind, path.to_string(), text()});
    return false;
  }
  template <class Text>
  bool mismatch(const Path& path, const Text& text) {
    return report(Issue::Kind::mismatch, path, text);
  }

  std::vector<Issue>* issues_;
  std::size_t max_issues_;
  std::vector<const Resource*> scope_;  // dynamic scope, outermost first
  std::size_t steps_ = 0;
  int depth_ = 0;
  bool exhausted_ = false;
};

}  // namespace ottobot::json_schema
