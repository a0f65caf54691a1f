#include "json_schema/evaluation.hpp"

#include <algorithm>

#include "json_schema/issue_text.hpp"
#include "json_schema/values.hpp"

namespace ottobot::json_schema {

namespace {

constexpr std::size_t kMaxSteps = 2'000'000;
constexpr int kMaxDepth = 600;

Types types_of(const Json& value) {
  if (value.is_object()) return type::kObject;
  if (value.is_string()) return type::kString;
  if (value.is_array()) return type::kArray;
  if (value.is_boolean()) return type::kBoolean;
  if (value.is_number()) return is_integer(value) ? type::kInteger : type::kNumber;
  return type::kNull;
}

std::string number_text(const Json& value) { return dump_json(value); }

}  // namespace

std::string Path::to_string() const {
  std::string text = parent ? parent->to_string() : std::string();
  if (!parent) return text;
  if (!name.data()) return text + "[" + std::to_string(index) + "]";
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-$";
  if (name.empty() || name.find_first_not_of(kPlain) != std::string_view::npos) {
    return text + "[" + dump_json(std::string(name)) + "]";
  }
  return text + (text.empty() ? "" : ".") + std::string(name);
}

void Evaluated::merge(const Evaluated& other) {
  all_members = all_members || other.all_members;
  members.insert(other.members.begin(), other.members.end());
  first_items = std::max(first_items, other.first_items);
  items.insert(other.items.begin(), other.items.end());
}

// Counts one step down, and enters the resource of its node.
class Evaluation::Scope {
 public:
  Scope(Evaluation& evaluation, const Node& node) : evaluation_(evaluation) {
    ++evaluation_.depth_;
    entered_ = evaluation_.scope_.empty() || evaluation_.scope_.back() != node.resource;
    if (entered_) evaluation_.scope_.push_back(node.resource);
  }
  ~Scope() {
    --evaluation_.depth_;
    if (entered_) evaluation_.scope_.pop_back();
  }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  Evaluation& evaluation_;
  bool entered_;
};

bool Evaluation::run(const Node& root, const Json& value) {
  const Path top;
  const bool valid = check(root, value, top, nullptr);
  if (!exhausted_) return valid;
  // A `not` may have turned it round.
  if (issues_) issues_->assign(1, {Issue::Kind::mismatch, {}, "is too large or too deeply nested to be checked"});
  return false;
}

bool Evaluation::check(const Node& node, const Json& value, const Path& path, Evaluated* outer) {
  if (++steps_ > kMaxSteps || depth_ >= kMaxDepth) exhausted_ = true;
  if (exhausted_) return false;
  if (node.forbids) return mismatch(path, [] { return std::string("is not allowed"); });
  const Scope scope(*this, node);
  if (!check_value(node, value, path)) return false;
  if (!node.unevaluated_items && !node.unevaluated_properties) return check_parts(node, value, path, outer);

  Evaluated own;
  bool valid = check_parts(node, value, path, &own);
  if (!valid) return false;  // what a failed schema has looked at does not count
  if (node.unevaluated_items && value.is_array()) {
    valid = check_unevaluated_items(*node.unevaluated_items, value, path, own);
  }
  if (node.unevaluated_properties && value.is_object()) {
    valid = check_unevaluated_members(*node.unevaluated_properties, value, path, own) && valid;
  }
  if (valid && outer) outer->merge(own);
  return valid;
}

bool Evaluation::check_parts(const Node& node, const Json& value, const Path& path, Evaluated* evaluated) {
  bool valid = true;
  if (node.numbers && value.is_number()) valid = check_number(*node.numbers, value, path);
  if (node.strings && value.is_string()) {
    valid = check_string(*node.strings, value.get_ref<const std::string&>(), path);
  }
  if (node.arrays && value.is_array()) valid = check_array(*node.arrays, value, path, evaluated);
  if (node.objects && value.is_object()) valid = check_object(*node.objects, value, path, evaluated);
  if (!valid && !collecting()) return false;
  if (node.in_place) valid = check_in_place(*node.in_place, value, path, evaluated) && valid;
  return valid;
}

bool Evaluation::check_value(const Node& node, const Json& value, const Path& path) {
  if (!(node.types & types_of(value))) {
    return mismatch(path, [&] { return "must be " + describe_types(node.types) + ", not " + describe_value(value); });
  }
  if (node.constant && !equal(*node.constant, value)) {
    return mismatch(path, [&] { return "must be " + describe_node(node) + ", not " + describe_value(value); });
  }
  const auto same = [&value](const Json& choice) { return equal(choice, value); };
  if (node.choices && std::none_of(node.choices->begin(), node.choices->end(), same)) {
    return mismatch(path,
                    [&] { return "must be " + describe_choices(*node.choices) + ", not " + describe_value(value); });
  }
  return true;
}

bool Evaluation::check_number(const NumberRules& rules, const Json& value, const Path& path) {
  const auto refuse = [&](const char* rule, const Json& limit) {
    return mismatch(path, [&] { return std::string(rule) + number_text(limit) + ", not " + number_text(value); });
  };
  if (rules.minimum && order(value, *rules.minimum) < 0) return refuse("must be at least ", *rules.minimum);
  if (rules.maximum && order(value, *rules.maximum) > 0) return refuse("must be at most ", *rules.maximum);
  if (rules.exclusive_minimum && order(value, *rules.exclusive_minimum) <= 0) {
    return refuse("must be above ", *rules.exclusive_minimum);
  }
  if (rules.exclusive_maximum && order(value, *rules.exclusive_maximum) >= 0) {
    return refuse("must be below ", *rules.exclusive_maximum);
  }
  if (rules.multiple_of && !is_multiple_of(value, *rules.multiple_of)) {
    return refuse("must be a multiple of ", *rules.multiple_of);
  }
  return true;
}

bool Evaluation::check_string(const StringRules& rules, const std::string& value, const Path& path) {
  // No more code points than bytes, and no fewer than a quarter.
  const bool needs_length = (rules.min_length && value.size() < *rules.min_length * 4) ||
                            (rules.max_length && value.size() > *rules.max_length);
  const std::size_t length = needs_length ? utf8_length(value).value_or(value.size()) : 0;
  const auto refuse = [&](const char* rule, std::size_t limit) {
    return mismatch(path, [&] { return rule + std::to_string(limit) + " characters, not " + std::to_string(length); });
  };
  if (needs_length && rules.min_length && length < *rules.min_length) {
    return refuse("must have at least ", *rules.min_length);
  }
  if (needs_length && rules.max_length && length > *rules.max_length) {
    return refuse("must have at most ", *rules.max_length);
  }
  if (!rules.pattern) return true;
  const auto match = rules.pattern->find_in(value);
  if (match == Pattern::Match::yes) return true;
  const char* why = match == Pattern::Match::no ? "must match the pattern " : "takes too long to match the pattern ";
  return mismatch(path, [&] { return why + rules.pattern->source() + ", unlike " + describe_value(value); });
}

bool Evaluation::check_in_place(const InPlaceRules& rules, const Json& value, const Path& path, Evaluated* evaluated) {
  bool valid = true;
  const auto apply = [&](const Node& node) {
    if (!valid && !collecting()) return;
    valid = check(node, value, path, evaluated) && valid;
  };
  if (rules.reference) apply(*rules.reference);
  if (rules.dynamic_reference) apply(dynamic_target(rules));
  for (const Node* node : rules.all_of) apply(*node);
  if (value.is_object()) {
    for (const auto& [name, node] : rules.dependents) {
      if (value.contains(name)) apply(*node);
    }
  }
  if (!valid && !collecting()) return false;
  valid = check_any_of(rules, value, path, evaluated) && valid;
  valid = check_one_of(rules, value, path, evaluated) && valid;
  if (rules.negated && holds(*rules.negated, value, path, nullptr)) {
    valid = mismatch(path, [&] { return "is a value that is not allowed: " + describe_value(value); });
  }
  return check_condition(rules, value, path, evaluated) && valid;
}

const Node& Evaluation::dynamic_target(const InPlaceRules& rules) const {
  if (!rules.dynamic_anchor.empty()) {
    for (const Resource* resource : scope_) {
      const auto found = resource->dynamic_nodes.find(rules.dynamic_anchor);
      if (found != resource->dynamic_nodes.end()) return *found->second;
    }
  }
  return *rules.dynamic_reference;
}

bool Evaluation::holds(const Node& node, const Json& value, const Path& path, Evaluated* evaluated) {
  std::vector<Issue>* const issues = std::exchange(issues_, nullptr);
  Evaluated own;
  const bool valid = check(node, value, path, evaluated ? &own : nullptr);
  if (valid && evaluated) evaluated->merge(own);
  issues_ = issues;
  return valid;
}

bool Evaluation::check_any_of(const InPlaceRules& rules, const Json& value, const Path& path, Evaluated* evaluated) {
  bool valid = rules.any_of.empty();
  for (const Node* branch : rules.any_of) {
    valid = holds(*branch, value, path, evaluated) || valid;
    if (valid && !evaluated) return true;
  }
  if (!valid) report_nearest(rules.any_of, value, path);
  return valid;
}

bool Evaluation::check_one_of(const InPlaceRules& rules, const Json& value, const Path& path, Evaluated* evaluated) {
  if (rules.one_of.empty()) return true;
  int matches = 0;
  for (const Node* branch : rules.one_of) {
    if (matches < 2 && holds(*branch, value, path, evaluated)) ++matches;
  }
  if (matches == 1) return true;
  if (matches > 1)
    return mismatch(path, [] { return std::string("fits more than one of the forms of which it may have one"); });
  report_nearest(rules.one_of, value, path);
  return false;
}

void Evaluation::report_nearest(const std::vector<const Node*>& branches, const Json& value, const Path& path) {
  std::vector<Issue>* const issues = issues_;
  if (!issues) return;
  Types types = 0;
  const Node* nearest = nullptr;
  std::vector<Issue> least;
  for (const Node* branch : branches) {
    types |= branch->types;
    if (!(branch->types & types_of(value))) continue;  // another type is never near
    std::vector<Issue> found;
    issues_ = &found;
    check(*branch, value, path, nullptr);
    if (!nearest || found.size() < least.size()) {
      nearest = branch;
      least = std::move(found);
    }
  }
  issues_ = issues;
  if (!nearest) {
    mismatch(path, [&] { return "must be " + describe_types(types) + ", not " + describe_value(value); });
    return;
  }
  for (Issue& issue : least) {
    if (issues->size() < max_issues_) issues->push_back(std::move(issue));
  }
}

bool Evaluation::check_condition(const InPlaceRules& rules, const Json& value, const Path& path, Evaluated* evaluated) {
  if (!rules.condition) return true;
  const Node* consequence = holds(*rules.condition, value, path, evaluated) ? rules.then : rules.otherwise;
  return !consequence || check(*consequence, value, path, evaluated);
}

}  // namespace ottobot::json_schema
