#include "api/input.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "api/errors.hpp"

namespace ottobot::api {
namespace {

constexpr double kExactInDouble = 9007199254740992;  // 2^53

std::optional<net::Response> answer_to_unread(const Error& error) {
  switch (error.code) {
    case ErrorCode::resource_exhausted:
      return error_response(413, "the body is too large");
    case ErrorCode::deadline_exceeded:
      return error_response(408, "the body did not arrive in time");
    case ErrorCode::unavailable:
      return std::nullopt;
    default:
      return error_response(error);
  }
}

}  // namespace

void answer_unread_body(Request& request, const Error& error) {
  if (auto answer = answer_to_unread(error)) request.exchange().respond(std::move(*answer));
}

std::optional<std::string> read_body(Request& request, std::size_t max_bytes) {
  auto body = request.exchange().read_body(max_bytes);
  if (body) return std::move(*body);
  answer_unread_body(request, body.error());
  return std::nullopt;
}

Result<Fields> Fields::parse(const std::string& text, const std::string& what) {
  const std::string wanted = what + " must be a JSON object";
  if (text.empty()) return invalid_argument(what + " is empty", wanted);
  auto json = parse_json(text);
  if (!json) return invalid_argument(json.error().message, wanted);
  if (!json->is_object()) return invalid_argument(wanted);
  return Fields(std::move(*json));
}

const Json* Fields::find(const std::string& name) const {
  const Json* value = find_member(object_, name);
  return value != nullptr && value->is_null() ? nullptr : value;
}

std::string Fields::required_string(const std::string& name) {
  const Json* value = find(name);
  if (value != nullptr && value->is_string()) return value->get<std::string>();
  reject(name, value == nullptr ? "is required" : "must be a string");
  return {};
}

std::string Fields::optional_string(const std::string& name) {
  const Json* value = find(name);
  if (value == nullptr) return {};
  if (!value->is_string())
    reject(name, "must be a string");
  else if (value->get_ref<const std::string&>().empty())
    reject(name, "must not be empty");
  else
    return value->get<std::string>();
  return {};
}

std::optional<std::int64_t> Fields::optional_integer(const std::string& name) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  // 600.0 is a whole number to JSON, too.
  if (value->is_number_float() && std::trunc(value->get<double>()) == value->get<double>() &&
      std::abs(value->get<double>()) < kExactInDouble) {
    return static_cast<std::int64_t>(value->get<double>());
  }
  if (!value->is_number_integer()) {
    reject(name, "must be a whole number");
    return std::nullopt;
  }
  const bool too_large = value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX;
  return too_large ? INT64_MAX : value->get<std::int64_t>();
}

Failure undecodable(const std::string& name, std::string_view text) {
  const bool has_nul = text.find("%00") != std::string_view::npos;
  return invalid_field(name, has_nul ? "must not contain NUL" : "has a broken %-escape");
}

Result<std::optional<std::string>> query_text(const net::RequestHead& head, const std::string& name) {
  int given = 0;
  std::string_view raw;
  for (std::string_view rest = head.query; !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    if (net::percent_decode(pair.substr(0, pair.find('='))) != name) continue;
    ++given;
    raw = pair;
  }
  if (given == 0) return std::nullopt;
  if (given > 1) return invalid_field(name, "must be given once");
  auto value = head.query_param(name);
  if (!value) return undecodable(name, raw);
  return value;
}

Result<std::int64_t> parse_int(const std::string& name, std::string_view text, const IntRange& range) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, value);
  if (problem == std::errc() && rest == end && value >= range.min && value <= range.max) return value;
  std::string wanted = "must be a whole number from " + std::to_string(range.min);
  if (range.max != INT64_MAX) wanted += " to " + std::to_string(range.max);
  return invalid_field(name, wanted);
}

Result<std::int64_t> query_int(const net::RequestHead& head, const std::string& name, const IntRange& range) {
  const auto text = query_text(head, name);
  if (!text) return fail(text.error());
  if (!*text) return range.fallback;
  return parse_int(name, **text, range);
}

Failure after_the_end(Seq after, Seq last_seq) {
  auto failure =
      invalid_field("after", "is " + std::to_string(after) + ", but the log ends at " + std::to_string(last_seq));
  failure.value().hint = "go on after " + std::to_string(last_seq) + ", or from 0 to see all there is";
  return failure;
}

}  // namespace ottobot::api
