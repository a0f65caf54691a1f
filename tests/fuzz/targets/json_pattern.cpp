// A regular expression of JSON Schema in the first line, a text to search behind it.
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "json_schema/ecma_pattern.hpp"
#include "json_schema/pattern.hpp"

namespace ottobot::fuzz {

void json_pattern(std::string_view input) {
  const auto [expression, text] = halves_of(input, "\n");
  const auto pattern = json_schema::Pattern::compile(std::string(expression));
  if (!pattern) {
    require(!pattern.error().message.empty(), "a refusal says why");
    return;
  }
  require(json_schema::to_pcre(expression).has_value(), "what compiles was translated");
  const auto match = pattern->find_in(text);
  require(match == pattern->find_in(text), "a search is repeatable");
}

}  // namespace ottobot::fuzz
