// The JSON type of the library and the few accessors that everybody needs.
//
// nlohmann::json throws on a type mismatch; these helpers never do. They take what may come from a model, a client or a
// sandbox, and answer with a default or nothing. Thread-safe as far as the values are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "ottobot/error.hpp"

namespace ottobot {

using Json = nlohmann::json;

// Parses one JSON text (RFC 8259). Errors: invalid_argument with the byte offset; nesting deeper than `max_depth` is
// refused before it is built.
Result<Json> parse_json(std::string_view text, int max_depth = 200);

// Compact serialisation; invalid UTF-8 is replaced by U+FFFD instead of failing.
std::string dump_json(const Json& value);

// Members of an object; the fallback when `object` is no object, lacks `key` or holds another type there.
std::string get_string(const Json& object, std::string_view key, std::string_view fallback = {});
std::int64_t get_int(const Json& object, std::string_view key, std::int64_t fallback = 0);
double get_double(const Json& object, std::string_view key, double fallback = 0);
bool get_bool(const Json& object, std::string_view key, bool fallback = false);
// Borrowed pointer into `object`, valid while it is; nullptr when absent.
const Json* find_member(const Json& object, std::string_view key);

// Replaces every invalid UTF-8 sequence (RFC 3629) by U+FFFD.
std::string to_valid_utf8(std::string_view bytes);
// Length of the longest prefix of `bytes` that does not end inside a UTF-8 sequence.
std::size_t utf8_complete_prefix(std::string_view bytes);
// Length of the longest prefix of `bytes` that is valid UTF-8.
std::size_t utf8_valid_prefix(std::string_view bytes);
// Number of Unicode code points; nullopt when `text` is not valid UTF-8.
std::optional<std::size_t> utf8_length(std::string_view text);

}  // namespace ottobot
