// {"schema": …, "value": …}; any other JSON is both.
#include "json_schema/schema.hpp"

#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "json_schema/uri.hpp"
#include "json_schema/values.hpp"

namespace ottobot::fuzz {
namespace {

void check_json(const Json& json) {
  const auto again = parse_json(dump_json(json));
  require(again && *again == json, "JSON that is written anew reads the same");
  require(json_schema::equal(json, *again), "equal values are equal to schemas");
}

}  // namespace

void json_schema(std::string_view input) {
  const std::string valid = to_valid_utf8(input);
  require(utf8_length(valid).has_value() && to_valid_utf8(valid) == valid, "repaired text is valid");
  json_schema::resolve_reference("https://a.example/b/c", valid);
  const auto json = parse_json(input);
  if (!json) return;
  check_json(*json);
  const Json* schema = find_member(*json, "schema");
  const Json* value = find_member(*json, "value");
  const auto compiled = json_schema::Schema::compile(schema != nullptr ? *schema : *json);
  if (!compiled) return;
  const Json& checked = value != nullptr ? *value : *json;
  const auto issues = compiled->check(checked);
  require(issues.size() <= 8, "issues are bounded");
  require(compiled->accepts(checked) == issues.empty(), "a value is accepted or has an issue");
}

}  // namespace ottobot::fuzz
