#include "ottobot/error.hpp"

#include <cerrno>
#include <system_error>

namespace ottobot {
namespace {

Failure make(ErrorCode code, std::string message, std::string hint) {
  Error error;
  error.code = code;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return Failure(std::move(error));
}

ErrorCode code_of_errno(int value) {
  switch (value) {
    case ENOENT:
    case ESRCH:
    case ENOTDIR:
      return ErrorCode::not_found;
    case EACCES:
    case EPERM:
    case ELOOP:
    case EROFS:
      return ErrorCode::permission_denied;
    case EEXIST:
      return ErrorCode::already_exists;
    case EISDIR:
    case ENOTEMPTY:
    case EADDRINUSE:
    case EBUSY:
      return ErrorCode::conflict;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
    case EFBIG:
      return ErrorCode::resource_exhausted;
    case EINVAL:
    case ENAMETOOLONG:
      return ErrorCode::invalid_argument;
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
    case ENETUNREACH:
    case EHOSTUNREACH:
      return ErrorCode::unavailable;
    case ETIMEDOUT:
      return ErrorCode::deadline_exceeded;
    case ENOSYS:
    case EOPNOTSUPP:
      return ErrorCode::unsupported;
    default:
      return ErrorCode::internal;
  }
}

}  // namespace

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::unauthenticated:
      return "unauthenticated";
    case ErrorCode::permission_denied:
      return "permission_denied";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::already_exists:
      return "already_exists";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::fenced:
      return "fenced";
    case ErrorCode::resource_exhausted:
      return "resource_exhausted";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::deadline_exceeded:
      return "deadline_exceeded";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::data_loss:
      return "data_loss";
    case ErrorCode::internal:
      return "internal";
  }
  return "internal";
}

std::string Error::to_string() const {
  std::string text(ottobot::to_string(code));
  text += ": ";
  text += message;
  for (const auto& detail : details) text += " [" + detail.field + ": " + detail.message + "]";
  if (!hint.empty()) text += " (hint: " + hint + ")";
  return text;
}

Failure invalid_argument(std::string message, std::string hint) {
  return make(ErrorCode::invalid_argument, std::move(message), std::move(hint));
}
Failure invalid_field(std::string field, std::string message) {
  auto failure = make(ErrorCode::invalid_argument, field + ": " + message, {});
  failure.value().details.push_back({std::move(field), std::move(message)});
  return failure;
}
Failure unauthenticated(std::string message, std::string hint) {
  return make(ErrorCode::unauthenticated, std::move(message), std::move(hint));
}
Failure permission_denied(std::string message, std::string hint) {
  return make(ErrorCode::permission_denied, std::move(message), std::move(hint));
}
Failure not_found(std::string message, std::string hint) {
  return make(ErrorCode::not_found, std::move(message), std::move(hint));
}
Failure already_exists(std::string message, std::string hint) {
  return make(ErrorCode::already_exists, std::move(message), std::move(hint));
}
Failure conflict(std::string message, std::string hint) {
  return make(ErrorCode::conflict, std::move(message), std::move(hint));
}
Failure fenced(std::string message, std::string hint) {
  return make(ErrorCode::fenced, std::move(message), std::move(hint));
}
Failure resource_exhausted(std::string message, std::string hint) {
  return make(ErrorCode::resource_exhausted, std::move(message), std::move(hint));
}
Failure cancelled(std::string message, std::string hint) {
  return make(ErrorCode::cancelled, std::move(message), std::move(hint));
}
Failure deadline_exceeded(std::string message, std::string hint) {
  return make(ErrorCode::deadline_exceeded, std::move(message), std::move(hint));
}
Failure unavailable(std::string message, std::string hint) {
  return make(ErrorCode::unavailable, std::move(message), std::move(hint));
}
Failure unsupported(std::string message, std::string hint) {
  return make(ErrorCode::unsupported, std::move(message), std::move(hint));
}
Failure data_loss(std::string message, std::string hint) {
  return make(ErrorCode::data_loss, std::move(message), std::move(hint));
}
Failure internal_error(std::string message, std::string hint) {
  return make(ErrorCode::internal, std::move(message), std::move(hint));
}

Failure fail(Error error) { return Failure(std::move(error)); }

Failure fail(Error error, std::string_view context) {
  error.message = std::string(context) + ": " + error.message;
  return Failure(std::move(error));
}

Failure errno_error(std::string_view context, int errno_value) {
  return make(code_of_errno(errno_value), std::string(context) + ": " + std::generic_category().message(errno_value),
              {});
}

}  // namespace ottobot
