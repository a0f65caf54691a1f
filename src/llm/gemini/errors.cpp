#include "llm/gemini/errors.hpp"

#include <cctype>
#include <cmath>
#include <cstdlib>

namespace ottobot::llm::gemini {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr const char* kKeyHint = "set GEMINI_API_KEY to a valid key; https://aistudio.google.com/apikey makes one";
// A longer wait is no rate limit but a used-up quota.
constexpr milliseconds kLongestWait = 5min;

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

template <class F>
void for_each_detail(const Json& status, std::string_view type, F&& f) {
  const Json* details = find_member(status, "details");
  if (details == nullptr || !details->is_array()) return;
  for (const Json& detail : *details) {
    const std::string name = get_string(detail, "@type");
    if (name.size() >= type.size() && name.compare(name.size() - type.size(), type.size(), type) == 0) f(detail);
  }
}

bool has_reason(const Json& status, std::string_view reason) {
  bool found = false;
  for_each_detail(status, "google.rpc.ErrorInfo",
                  [&](const Json& d) { found = found || get_string(d, "reason") == reason; });
  return found;
}

// Of the quota that was violated.
std::string quota_ids(const Json& status) {
  std::string ids;
  for_each_detail(status, "google.rpc.QuotaFailure", [&](const Json& detail) {
    const Json* violations = find_member(detail, "violations");
    if (violations == nullptr || !violations->is_array()) return;
    for (const Json& violation : *violations) ids += get_string(violation, "quotaId") + " ";
  });
  return ids;
}

std::optional<milliseconds> told_delay(const Json& status, std::string_view message) {
  std::optional<milliseconds> delay;
  for_each_detail(status, "google.rpc.RetryInfo",
                  [&](const Json& detail) { delay = parse_duration(get_string(detail, "retryDelay")); });
  if (delay) return delay;
  constexpr std::string_view kPhrase = "retry in ";
  const std::size_t at = message.find(kPhrase);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = message.substr(at + kPhrase.size());
  std::size_t end = rest.find('s');
  if (end == std::string_view::npos) return std::nullopt;
  return parse_duration(rest.substr(0, end + 1));
}

Error rate_error(const Json& status, const std::string& message) {
  const std::string quotas = quota_ids(status);
  auto delay = told_delay(status, message);
  const bool daily = contains(quotas, "PerDay") || contains(quotas, "Daily") || contains(message, "limit: 0") ||
                     (delay && *delay > kLongestWait);
  if (daily) {
    return resource_exhausted(message,
                              "the daily quota of this key and model is used up: wait for the next day, enable "
                              "billing, or choose another model")
        .value();
  }
  Error error = resource_exhausted(message, "requests come faster than the quota of this key allows").value();
  // Without a word from the server: a quota per minute is free again after one, an overload sooner.
  error.retry_after = delay ? *delay : contains(quotas, "PerMinute") ? milliseconds(60s) : milliseconds(5s);
  return error;
}

Error bad_request(const Json& status, const std::string& message) {
  if (has_reason(status, "API_KEY_INVALID") || contains(message, "API key not valid") ||
      contains(message, "API Key not found") || contains(message, "API key expired")) {
    return unauthenticated(message, kKeyHint).value();
  }
  if (contains(message, "exceeds the maximum number of tokens")) {
    Error error = invalid_argument(message, "shorten the conversation").value();
    error.details.push_back({"context_window", message});
    return error;
  }
  return invalid_argument(message).value();
}

Error by_code(int code, const Json& status, const std::string& message) {
  switch (code) {
    case 400:
      return bad_request(status, message);
    case 401:
    case 403:
      return unauthenticated(message, kKeyHint).value();
    case 404:
      return invalid_argument(message, "check the model's name").value();
    case 429:
      return rate_error(status, message);
    case 408:
    case 499:
      return unavailable(message).value();
    default:
      break;
  }
  if (code >= 500) {
    Error error = unavailable(message, "the model's service has a problem or is overloaded").value();
    error.retry_after = told_delay(status, message);
    return error;
  }
  if (code >= 400) return invalid_argument(message).value();
  return internal_error(message, "check GEMINI_BASE_URL").value();
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
  const std::string copy(text);
  char* end = nullptr;
  const double value = std::strtod(copy.c_str(), &end);
  const std::string_view unit = end;
  constexpr double kMost = 1e9;
  if (end == copy.c_str() || !(value >= 0) || value > kMost) return std::nullopt;
  if (unit == "s") return milliseconds(static_cast<std::int64_t>(std::ceil(value * 1000)));
  if (unit == "ms") return milliseconds(static_cast<std::int64_t>(std::ceil(value)));
  return std::nullopt;
}

Error error_from_status(int http_status, const Json& status) {
  const int code = http_status != 0 ? http_status : static_cast<int>(get_int(status, "code", 500));
  std::string message = to_valid_utf8(get_string(status, "message"));
  if (message.empty()) message = "Gemini answered " + std::to_string(code);
  return by_code(code, status, message);
}

Error error_from_body(int http_status, std::string_view body, std::optional<milliseconds> retry_after) {
  Json status = Json::object();
  if (auto parsed = parse_json(body)) {
    const Json& whole = parsed->is_array() && !parsed->empty() ? parsed->front() : *parsed;
    if (const Json* inner = find_member(whole, "error")) status = *inner;
  }
  Error error = error_from_status(http_status, status);
  const bool waits = error.code == ErrorCode::unavailable || error.retry_after;
  if (waits && retry_after && *retry_after <= kLongestWait) error.retry_after = retry_after;
  return error;
}

}  // namespace ottobot::llm::gemini
