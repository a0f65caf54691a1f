#include "sandboxd/http_reply.hpp"

namespace ottobot::sandboxd {

net::Response json_reply(int status, const Json& body) {
  return {status, {{"Content-Type", "application/json"}}, dump_json(body)};
}

net::Response error_reply(int status, const Error& error) {
  Json body = {{"error", net::reason_phrase(status)}, {"message", error.message}};
  if (!error.hint.empty()) body["hint"] = error.hint;
  for (const ErrorDetail& detail : error.details) {
    body["details"].push_back({{"field", detail.field}, {"message", detail.message}});
  }
  net::Response response = json_reply(status, body);
  if (status == 401) response.headers.add("WWW-Authenticate", "Bearer");
  if (status == 503) response.headers.add("Retry-After", "1");
  return response;
}

int status_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::invalid_argument:
      return 400;
    case ErrorCode::unauthenticated:
      return 401;
    case ErrorCode::permission_denied:
      return 403;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::deadline_exceeded:
      return 408;
    case ErrorCode::already_exists:
    case ErrorCode::conflict:
    case ErrorCode::fenced:
      return 409;
    case ErrorCode::resource_exhausted:
      return 413;
    case ErrorCode::unavailable:
    case ErrorCode::cancelled:
      return 503;
    case ErrorCode::unsupported:
      return 501;
    case ErrorCode::data_loss:
    case ErrorCode::internal:
      break;
  }
  return 500;
}

net::Response method_not_allowed(std::string allowed) {
  Error error;
  error.message = "use " + allowed;
  net::Response response = error_reply(405, error);
  response.headers.add("Allow", std::move(allowed));
  return response;
}

}  // namespace ottobot::sandboxd
