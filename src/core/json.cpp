#include "ottobot/json.hpp"

#include <cmath>

namespace ottobot {
namespace {

// Deepest nesting of arrays and objects; looks at brackets outside of strings only.
int nesting_depth(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

Result<Json> parse_json(std::string_view text, int max_depth) {
  if (nesting_depth(text) > max_depth) {
    return invalid_argument("JSON is nested deeper than " + std::to_string(max_depth) + " levels");
  }
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& e) {
    return invalid_argument("malformed JSON at byte " + std::to_string(e.byte));
  } catch (const Json::out_of_range&) {
    return invalid_argument("malformed JSON: a number is too large");
  } catch (const Json::exception& e) {
    return invalid_argument(std::string("malformed JSON: ") + e.what());
  }
}

const Json* find_member(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(key);
  return it == object.end() ? nullptr : &*it;
}

std::string get_string(const Json& object, std::string_view key, std::string_view fallback) {
  const Json* member = find_member(object, key);
  return member && member->is_string() ? member->get<std::string>() : std::string(fallback);
}

std::int64_t get_int(const Json& object, std::string_view key, std::int64_t fallback) {
  const Json* member = find_member(object, key);
  if (!member) return fallback;
  if (member->is_number_unsigned() && member->get<std::uint64_t>() > INT64_MAX) return fallback;
  if (member->is_number_integer()) return member->get<std::int64_t>();
  // 12.0 is the integer 12 in JSON Schema, and some models write it so.
  constexpr double kExact = 9007199254740992.0;  // 2^53
  const double number = member->is_number_float() ? member->get<double>() : kExact;
  return std::trunc(number) == number && std::abs(number) < kExact ? static_cast<std::int64_t>(number) : fallback;
}

double get_double(const Json& object, std::string_view key, double fallback) {
  const Json* member = find_member(object, key);
  return member && member->is_number() ? member->get<double>() : fallback;
}

bool get_bool(const Json& object, std::string_view key, bool fallback) {
  const Json* member = find_member(object, key);
  return member && member->is_boolean() ? member->get<bool>() : fallback;
}

}  // namespace ottobot
