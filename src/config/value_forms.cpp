#include "config/value_forms.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace ottobot::config {
namespace {

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

struct Unit {
  char name;
  std::uint64_t factor;
};

// A count with one of `units` behind it, the first of which is the one that may be left out.
template <std::size_t N>
std::optional<std::uint64_t> count_with_unit(std::string_view text, const Unit (&units)[N], std::uint64_t limit) {
  std::uint64_t factor = units[0].factor;
  for (const auto& unit : units) {
    if (text.empty() || lower(text.back()) != unit.name) continue;
    factor = unit.factor;
    text.remove_suffix(1);
    break;
  }
  const auto count = whole_number<std::uint64_t>(text);
  if (!count || *count > limit / factor) return std::nullopt;
  return *count * factor;
}

constexpr Unit kSizes[] = {{'b', 1}, {'k', 1ull << 10}, {'m', 1ull << 20}, {'g', 1ull << 30}};
constexpr Unit kTimes[] = {{'s', 1000}, {'m', 60'000}, {'h', 3'600'000}, {'d', 86'400'000}};
constexpr std::uint64_t kTenYearsMs = 3650ull * 86'400'000;

}  // namespace

Result<std::int64_t> parse_integer(std::string_view text, std::int64_t first, std::int64_t last) {
  const auto value = whole_number<std::int64_t>(text);
  if (value && *value >= first && *value <= last) return *value;
  return invalid_argument("a whole number, " + std::to_string(first) + " to " + std::to_string(last));
}

Result<double> parse_positive_number(std::string_view text) {
  const auto value = whole_number<double>(text);
  if (value && std::isfinite(*value) && *value > 0) return *value;
  return invalid_argument("a number above 0, such as 0.5 or 2");
}

Result<std::uint64_t> parse_size(std::string_view text) {
  const auto bytes = count_with_unit(text, kSizes, std::numeric_limits<std::int64_t>::max());
  if (bytes && *bytes > 0) return *bytes;
  return invalid_argument("a size such as 2g, 512m or 64k (b, k, m, g; no unit means bytes)");
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto ms = count_with_unit(text, kTimes, kTenYearsMs);
  if (ms) return std::chrono::milliseconds(*ms);
  return invalid_argument("a duration such as 7d, 12h, 30m or 45s (no unit means seconds)");
}

std::vector<std::string> parse_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    auto item = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (!item.empty()) items.emplace_back(item);
  }
  return items;
}

Result<std::string> parse_base_url(std::string_view text) {
  while (!text.empty() && text.back() == '/') text.remove_suffix(1);
  for (std::string_view scheme : {"http://", "https://"}) {
    if (text.substr(0, scheme.size()) != scheme) continue;
    const auto rest = text.substr(scheme.size());
    if (!rest.empty() && rest.find_first_of("/?#@ \t") == std::string_view::npos) return std::string(text);
  }
  return invalid_argument("http://HOST[:PORT] or https://HOST[:PORT], without a path");
}

}  // namespace ottobot::config
