#include "llm/gemini/errors.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>

namespace ottobot::llm::gemini {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr const char* kKeyHint = "set GEMINI_API_KEY to a valid key; https://aistudio.google.com/apikey makes one";
constexpr const char* kRefusedHint = "the same request would be refused again: change it, or choose another model";
// A longer wait is no rate limit but a used-up quota.
constexpr milliseconds kLongestWait = 5min;
constexpr std::size_t kMaxMessageBytes = 2000;

struct NamedCode {
  std::string_view name;
  int http;
};
// google.rpc.Code, for errors that carry the name only.
constexpr std::array<NamedCode, 10> kCodes = {{{"INVALID_ARGUMENT", 400},
                                               {"FAILED_PRECONDITION", 400},
                                               {"UNAUTHENTICATED", 401},
                                               {"PERMISSION_DENIED", 403},
                                               {"NOT_FOUND", 404},
                                               {"RESOURCE_EXHAUSTED", 429},
                                               {"CANCELLED", 499},
                                               {"INTERNAL", 500},
                                               {"UNAVAILABLE", 503},
                                               {"DEADLINE_EXCEEDED", 504}}};

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

int code_of(const Json& status) {
  if (const auto code = get_int(status, "code"); code >= 400 && code < 600) return static_cast<int>(code);
  const std::string name = get_string(status, "status");
  const auto known = std::find_if(kCodes.begin(), kCodes.end(), [&](const NamedCode& c) { return c.name == name; });
  return known != kCodes.end() ? known->http : 500;
}

std::string message_of(const Json& status, int code) {
  std::string message = to_valid_utf8(get_string(status, "message"));
  while (!message.empty() && std::isspace(static_cast<unsigned char>(message.back())) != 0) message.pop_back();
  if (message.empty()) return "Gemini answered " + std::to_string(code);
  if (message.size() <= kMaxMessageBytes) return message;
  message.resize(kMaxMessageBytes);
  message.resize(utf8_complete_prefix(message));
  return message + "…";
}

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

struct Quotas {
  std::string ids;    // of the quotas that were violated
  bool none = false;  // one of them is zero: no wait will ever help
};

Quotas quotas_of(const Json& status) {
  Quotas quotas;
  for_each_detail(status, "google.rpc.QuotaFailure", [&](const Json& detail) {
    const Json* violations = find_member(detail, "violations");
    if (violations == nullptr || !violations->is_array()) return;
    for (const Json& violation : *violations) {
      quotas.ids += get_string(violation, "quotaId") + " ";
      quotas.none = quotas.none || get_string(violation, "quotaValue") == "0";
    }
  });
  return quotas;
}

// "…, limit: 0" but not "limit: 0.5".
bool says_limit_zero(std::string_view message) {
  constexpr std::string_view kPhrase = "limit: 0";
  const std::size_t at = message.find(kPhrase);
  if (at == std::string_view::npos) return false;
  const std::string_view rest = message.substr(at + kPhrase.size(), 2);
  return rest.empty() ||
         (std::isdigit(static_cast<unsigned char>(rest[0])) == 0 &&
          (rest[0] != '.' || rest.size() == 1 || std::isdigit(static_cast<unsigned char>(rest[1])) == 0));
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

Error rate_error(const Json& status, const std::string& message, std::optional<milliseconds> delay) {
  const Quotas quotas = quotas_of(status);
  const std::string text = lower(message);
  if (quotas.none || says_limit_zero(text)) {
    return resource_exhausted(message,
                              "this key has no quota for the model: enable billing for it, or choose another model")
        .value();
  }
  const bool daily = contains(quotas.ids, "PerDay") || contains(quotas.ids, "Daily") || contains(text, "perday") ||
                     contains(text, "per day") || contains(text, "daily");
  if (daily) {
    return resource_exhausted(message,
                              "the daily quota of this key and model is used up: wait for the next day, enable "
                              "billing, or choose another model")
        .value();
  }
  if (delay && *delay > kLongestWait) {
    const auto minutes = std::chrono::ceil<std::chrono::minutes>(*delay).count();
    return resource_exhausted(message, "the quota is used up for another " + std::to_string(minutes) +
                                           " minutes: come back then, enable billing, or choose another model")
        .value();
  }
  Error error = resource_exhausted(message, "requests come faster than the quota of this key allows").value();
  // Without a word from the server: a quota per minute is free again after one, an overload may pass sooner.
  error.retry_after = delay ? *delay : contains(quotas.ids, "PerMinute") ? milliseconds(60s) : milliseconds(0);
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
  return invalid_argument(message, kRefusedHint).value();
}

Error by_code(int code, const Json& status, const std::string& message, std::optional<milliseconds> delay) {
  switch (code) {
    case 400:
      return bad_request(status, message);
    case 401:
    case 403:
      return unauthenticated(message, kKeyHint).value();
    case 404:
      return invalid_argument(message, "check the model's name").value();
    case 429:
      return rate_error(status, message, delay);
    case 408:
    case 499:
      return unavailable(message).value();
    default:
      break;
  }
  if (code >= 500) {
    Error error = unavailable(message, "the model's service has a problem or is overloaded").value();
    if (delay && *delay <= kLongestWait) error.retry_after = delay;
    return error;
  }
  if (code >= 400) return invalid_argument(message, kRefusedHint).value();
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

Error error_from_status(int http_status, const Json& status, std::optional<milliseconds> header_delay) {
  const int code = http_status != 0 ? http_status : code_of(status);
  const std::string message = message_of(status, code);
  auto delay = told_delay(status, message);
  return by_code(code, status, message, delay ? delay : header_delay);
}

Error error_from_body(int http_status, std::string_view body, std::optional<milliseconds> header_delay) {
  Json status = Json::object();
  if (auto parsed = parse_json(body)) {
    const Json& whole = parsed->is_array() && !parsed->empty() ? parsed->front() : *parsed;
    if (const Json* inner = find_member(whole, "error")) status = *inner;
  }
  return error_from_status(http_status, status, header_delay);
}

}  // namespace ottobot::llm::gemini
