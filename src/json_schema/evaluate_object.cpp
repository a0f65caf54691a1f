// Keywords of objects.
#include "json_schema/evaluation.hpp"
#include "json_schema/issue_text.hpp"
#include "ottobot/nearest_name.hpp"

namespace ottobot::json_schema {

namespace {

std::string members_text(const char* rule, std::size_t limit, std::size_t size) {
  return rule + std::to_string(limit) + (limit == 1 ? " property" : " properties") + ", not " + std::to_string(size);
}

}  // namespace

bool Evaluation::check_object(const ObjectRules& rules, const Json& value, const Path& path, Evaluated* evaluated) {
  bool valid = check_required(rules, value, path);
  if (rules.min_properties && value.size() < *rules.min_properties) {
    valid = mismatch(path, [&] { return members_text("must have at least ", *rules.min_properties, value.size()); });
  }
  if (rules.max_properties && value.size() > *rules.max_properties) {
    valid = mismatch(path, [&] { return members_text("must have at most ", *rules.max_properties, value.size()); });
  }
  if (!valid && !collecting()) return false;
  return check_members(rules, value, path, evaluated) && valid;
}

bool Evaluation::check_required(const ObjectRules& rules, const Json& value, const Path& path) {
  bool valid = true;
  const auto require = [&](const std::string& name) {
    if (value.contains(name)) return;
    const auto property = rules.properties.find(name);
    valid = report(Issue::Kind::missing, {&path, name}, [&] {
      return property == rules.properties.end() ? std::string() : describe_node(*property->second);
    });
  };
  for (const std::string& name : rules.required) {
    require(name);
    if (!valid && !collecting()) return false;
  }
  for (const auto& [present, names] : rules.dependent_required) {
    if (!value.contains(present)) continue;
    for (const std::string& name : names) require(name);
  }
  return valid;
}

bool Evaluation::check_members(const ObjectRules& rules, const Json& value, const Path& path, Evaluated* evaluated) {
  if (rules.properties.empty() && rules.patterns.empty() && !rules.additional && !rules.names) return true;
  bool valid = true;
  for (auto member = value.begin(); member != value.end(); ++member) {
    const Path at{&path, member.key()};
    bool matched = false;
    valid = check_member(rules, member.key(), *member, at, matched) && valid;
    if (!valid && (!collecting() || exhausted_)) return false;
    if (evaluated && matched) evaluated->members.insert(member.key());
  }
  return valid;
}

bool Evaluation::check_member(const ObjectRules& rules, const std::string& name, const Json& value, const Path& path,
                              bool& matched) {
  bool valid = true;
  if (rules.names && !holds(*rules.names, name, path, nullptr)) {
    valid = mismatch(path, [] { return std::string("has a name that is not allowed"); });
  }
  if (const auto property = rules.properties.find(name); property != rules.properties.end()) {
    matched = true;
    valid = check(*property->second, value, path, nullptr) && valid;
  }
  for (const auto& [pattern, node] : rules.patterns) {
    if (pattern.find_in(name) != Pattern::Match::yes) continue;
    matched = true;
    valid = check(*node, value, path, nullptr) && valid;
  }
  if (matched || !rules.additional) return valid;
  matched = true;
  if (rules.additional->forbids) return refuse_member(&rules, path);
  return check(*rules.additional, value, path, nullptr) && valid;
}

bool Evaluation::refuse_member(const ObjectRules* rules, const Path& path) {
  return report(Issue::Kind::unknown, path, [&] {
    std::vector<std::string> names;
    if (rules) {
      for (const auto& property : rules->properties) names.push_back(property.first);
    }
    return nearest_name(path.name, names);
  });
}

bool Evaluation::check_unevaluated_members(const Node& rule, const Json& value, const Path& path,
                                           Evaluated& evaluated) {
  if (evaluated.all_members) return true;
  bool valid = true;
  for (auto member = value.begin(); member != value.end(); ++member) {
    if (evaluated.members.contains(member.key())) continue;
    const Path at{&path, member.key()};
    valid = (rule.forbids ? refuse_member(nullptr, at) : check(rule, *member, at, nullptr)) && valid;
    if (!valid && (!collecting() || exhausted_)) return false;
  }
  evaluated.all_members = true;
  return valid;
}

}  // namespace ottobot::json_schema
