// Keywords of arrays.
#include "json_schema/evaluation.hpp"
#include "json_schema/values.hpp"

namespace ottobot::json_schema {

namespace {

std::string items_text(const char* rule, std::size_t limit, std::size_t size) {
  return rule + std::to_string(limit) + (limit == 1 ? " item" : " items") + ", not " + std::to_string(size);
}

}  // namespace

bool Evaluation::check_array(const ArrayRules& rules, const Json& value, const Path& path, Evaluated* evaluated) {
  bool valid = true;
  if (rules.min_items && value.size() < *rules.min_items) {
    valid = mismatch(path, [&] { return items_text("must have at least ", *rules.min_items, value.size()); });
  }
  if (rules.max_items && value.size() > *rules.max_items) {
    valid = mismatch(path, [&] { return items_text("must have at most ", *rules.max_items, value.size()); });
  }
  if (valid && rules.unique && has_duplicates(value)) {
    valid = mismatch(path, [] { return std::string("must not have the same item twice"); });
  }
  if (!valid && !collecting()) return false;
  valid = check_items(rules, value, path, evaluated) && valid;
  if (!valid && !collecting()) return false;
  return check_contains(rules, value, path, evaluated) && valid;
}

bool Evaluation::check_items(const ArrayRules& rules, const Json& value, const Path& path, Evaluated* evaluated) {
  bool valid = true;
  std::size_t index = 0;
  for (; index < value.size(); ++index) {
    const Node* rule = index < rules.prefix.size() ? rules.prefix[index] : rules.items;
    if (!rule) break;
    valid = check(*rule, value[index], {&path, {}, index}, nullptr) && valid;
    if (!valid && (!collecting() || exhausted_)) return false;
  }
  if (evaluated) evaluated->first_items = std::max(evaluated->first_items, index);
  return valid;
}

bool Evaluation::check_contains(const ArrayRules& rules, const Json& value, const Path& path, Evaluated* evaluated) {
  if (!rules.contains) return true;
  std::size_t matches = 0;
  for (std::size_t index = 0; index < value.size(); ++index) {
    if (!holds(*rules.contains, value[index], {&path, {}, index}, nullptr)) continue;
    ++matches;
    if (evaluated) evaluated->items.insert(index);
  }
  if (matches < rules.min_contains) {
    return mismatch(
        path, [&] { return items_text("must have at least ", rules.min_contains, matches) + " of the wanted form"; });
  }
  if (rules.max_contains && matches > *rules.max_contains) {
    return mismatch(path,
                    [&] { return items_text("must have at most ", *rules.max_contains, matches) + " of that form"; });
  }
  return true;
}

bool Evaluation::check_unevaluated_items(const Node& rule, const Json& value, const Path& path, Evaluated& evaluated) {
  bool valid = true;
  for (std::size_t index = evaluated.first_items; index < value.size(); ++index) {
    if (evaluated.items.contains(index)) continue;
    valid = check(rule, value[index], {&path, {}, index}, nullptr) && valid;
    if (!valid && (!collecting() || exhausted_)) return false;
  }
  evaluated.first_items = value.size();
  return valid;
}

}  // namespace ottobot::json_schema
