#include "llm/surrogates.hpp"

#include <charconv>
#include <optional>
#include <string_view>

namespace ottobot::llm {
namespace {

constexpr std::size_t kEscape = 6;  // \uXXXX

// The unit of the escape at `at`, if there is one.
std::optional<unsigned> unit_at(std::string_view json, std::size_t at) {
  if (at + kEscape > json.size() || json[at] != '\\' || json[at + 1] != 'u') return std::nullopt;
  unsigned unit = 0;
  const char* first = json.data() + at + 2;
  const auto [end, error] = std::from_chars(first, first + 4, unit, 16);
  if (error != std::errc{} || end != first + 4) return std::nullopt;
  return unit;
}

bool is_high(std::optional<unsigned> unit) { return unit && *unit >= 0xD800 && *unit <= 0xDBFF; }
bool is_low(std::optional<unsigned> unit) { return unit && *unit >= 0xDC00 && *unit <= 0xDFFF; }

}  // namespace

std::string with_whole_surrogates(std::string json) {
  for (std::size_t at = json.find('\\'); at != std::string::npos; at = json.find('\\', at)) {
    const auto unit = unit_at(json, at);
    if (is_high(unit) && is_low(unit_at(json, at + kEscape))) {
      at += 2 * kEscape;
    } else if (is_high(unit) || is_low(unit)) {
      json.replace(at, kEscape, "\\uFFFD");
      at += kEscape;
    } else {
      at += 2;  // the escaped character too, which may be a backslash
    }
    if (at >= json.size()) break;
  }
  return json;
}

}  // namespace ottobot::llm
