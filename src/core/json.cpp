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

struct Utf8Step {
  std::size_t length = 1;
  bool valid = false;
  bool truncated = false;  // valid so far, ends with the text
};

// The sequence that starts at `i`, by the table of RFC 3629 §4. Invalid ones are as long as their longest valid prefix.
Utf8Step step_at(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
  const unsigned char first = byte(i);
  if (first < 0x80) return {1, true, false};
  std::size_t need = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF)
    need = 1;
  else if (first >= 0xE0 && first <= 0xEF)
    need = 2;
  else if (first >= 0xF0 && first <= 0xF4)
    need = 3;
  else
    return {1, false, false};
  if (first == 0xE0) low = 0xA0;
  if (first == 0xED) high = 0x9F;
  if (first == 0xF0) low = 0x90;
  if (first == 0xF4) high = 0x8F;
  for (std::size_t k = 1; k <= need; ++k) {
    if (i + k >= text.size()) return {k, false, true};
    if (byte(i + k) < low || byte(i + k) > high) return {k, false, false};
    low = 0x80;
    high = 0xBF;
  }
  return {need + 1, true, false};
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

std::string dump_json(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

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

std::string to_valid_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size();) {
    const Utf8Step step = step_at(bytes, i);
    if (step.valid)
      out.append(bytes.substr(i, step.length));
    else
      out.append("\xEF\xBF\xBD");
    i += step.length;
  }
  return out;
}

std::size_t utf8_complete_prefix(std::string_view bytes) {
  const std::size_t from = bytes.size() > 3 ? bytes.size() - 3 : 0;
  for (std::size_t i = from; i < bytes.size(); ++i) {
    if ((static_cast<unsigned char>(bytes[i]) & 0xC0) == 0x80) continue;  // inside a sequence
    if (step_at(bytes, i).truncated) return i;
  }
  return bytes.size();
}

std::optional<std::size_t> utf8_length(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++count) {
    const Utf8Step step = step_at(text, i);
    if (!step.valid) return std::nullopt;
    i += step.length;
  }
  return count;
}

}  // namespace ottobot
