#include "api/errors.hpp"

namespace ottobot::api {
namespace {

constexpr std::chrono::milliseconds kRetryAfter{2000};

bool asks_to_retry(int status) { return status == 429 || status == 503; }

std::string whole_seconds(std::chrono::milliseconds time) {
  return std::to_string(std::max<std::int64_t>(1, (time.count() + 999) / 1000));
}

Json error_body(int status, const std::string& message, const std::string& hint) {
  Json body{{"error", net::reason_phrase(status)}, {"message", message}};
  if (!hint.empty()) body["hint"] = hint;
  return body;
}

}  // namespace

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
    case ErrorCode::unsupported:
      return 400;
    case ErrorCode::unauthenticated:
      return 401;
    case ErrorCode::permission_denied:
      return 403;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::already_exists:
    case ErrorCode::conflict:
    case ErrorCode::fenced:
      return 409;
    case ErrorCode::resource_exhausted:
    case ErrorCode::cancelled:
    case ErrorCode::deadline_exceeded:
    case ErrorCode::unavailable:
      return 503;
    case ErrorCode::data_loss:
    case ErrorCode::internal:
      return 500;
  }
  return 500;
}

net::Response json_response(int status, const Json& body) {
  net::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = dump_json(body);
  return response;
}

net::Response error_response(const Error& error) { return error_response(status_of(error.code), error); }

net::Response error_response(int status, const Error& error) {
  if (status == 500) return error_response(status, "the server could not do this", "the server's log says why");
  Json body = error_body(status, error.message, error.hint);
  for (const ErrorDetail& detail : error.details) {
    body["details"].push_back({{"field", detail.field}, {"message", detail.message}});
  }
  net::Response response = json_response(status, body);
  if (asks_to_retry(status))
    response.headers.add("Retry-After", whole_seconds(error.retry_after.value_or(kRetryAfter)));
  if (status == 401) response.headers.add("WWW-Authenticate", "Bearer");
  return response;
}

net::Response error_response(int status, const std::string& message, const std::string& hint) {
  net::Response response = json_response(status, error_body(status, message, hint));
  if (asks_to_retry(status)) response.headers.add("Retry-After", whole_seconds(kRetryAfter));
  return response;
}

}  // namespace ottobot::api
