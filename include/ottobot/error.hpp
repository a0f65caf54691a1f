// Errors as values.
//
// Every fallible call of the library returns Result<T> = tl::expected<T, Error>; no exception crosses a public function
// or a virtual call. An Error carries a code from one short closed enum (for programs), a message (for logs) and a hint
// (for the person who has to act). There is one builder per code, so that `grep not_found(` finds every place that
// reports it. Values are plain data: copy them, send them between threads.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace ottobot {

enum class ErrorCode {
  invalid_argument,    // the caller sent something malformed; details name the fields
  unauthenticated,     // no or wrong credentials
  permission_denied,   // known caller, not allowed
  not_found,           // no such session, file, tool, container, …
  already_exists,      // create of something that is there, with other content
  conflict,            // the state does not allow it now (deleted session, lost compare-and-set, lease held elsewhere)
  fenced,              // a newer owner epoch exists; the caller must stop acting for this session
  resource_exhausted,  // a limit, quota, queue or disk is full; retry_after says when it may be worth another try
  cancelled,           // the caller's stop token fired
  deadline_exceeded,   // the caller's deadline passed; the outcome of a write is then unknown
  unavailable,         // a peer (engine, store, model) cannot be reached or is overloaded; may be retried
  unsupported,         // this implementation, image or model cannot do it
  data_loss,           // stored data is damaged or gone
  internal,            // a defect of ours, or a peer that broke its protocol
};

// Stable snake_case name of `code`, as used in logs and over the wire.
std::string_view to_string(ErrorCode code);

struct ErrorDetail {
  std::string field;    // JSON-pointer-free field name, e.g. "initial_prompt"
  std::string message;  // what is wrong with it
};

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;                                   // what happened, one sentence, no trailing newline
  std::string hint;                                      // what to do about it; may be empty
  std::optional<std::chrono::milliseconds> retry_after;  // set when the peer or a limit said when to come back
  std::vector<ErrorDetail> details;

  // "not_found: no session x (hint: …)", for logs and terminals.
  std::string to_string() const;
};

template <class T>
using Result = tl::expected<T, Error>;

// What the builders return; converts to any Result<T>.
using Failure = tl::unexpected<Error>;

Failure invalid_argument(std::string message, std::string hint = {});
Failure invalid_field(std::string field, std::string message);  // invalid_argument with one detail
Failure unauthenticated(std::string message, std::string hint = {});
Failure permission_denied(std::string message, std::string hint = {});
Failure not_found(std::string message, std::string hint = {});
Failure already_exists(std::string message, std::string hint = {});
Failure conflict(std::string message, std::string hint = {});
Failure fenced(std::string message, std::string hint = {});
Failure resource_exhausted(std::string message, std::string hint = {});
Failure cancelled(std::string message = "cancelled", std::string hint = {});
Failure deadline_exceeded(std::string message = "deadline exceeded", std::string hint = {});
Failure unavailable(std::string message, std::string hint = {});
Failure unsupported(std::string message, std::string hint = {});
Failure data_loss(std::string message, std::string hint = {});
Failure internal_error(std::string message, std::string hint = {});

// Passes an error on; with `context`, its message becomes "context: message".
Failure fail(Error error);
Failure fail(Error error, std::string_view context);

// A failed system call: errno mapped to the nearest code, message "context: strerror".
Failure errno_error(std::string_view context, int errno_value);

}  // namespace ottobot
