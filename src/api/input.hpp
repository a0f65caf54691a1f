// What requests bring along: bodies, JSON fields and query parameters, checked for their shape. The service behind
// checks the values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/router.hpp"
#include "ottobot/event.hpp"
#include "ottobot/field_problems.hpp"
#include "ottobot/json.hpp"

namespace ottobot::api {

inline constexpr std::size_t kMaxBodyBytes = 1 << 20;

// nullopt = it could not be read, and the answer has been given (408, 413, 400) or nobody waits for one.
std::optional<std::string> read_body(Request& request, std::size_t max_bytes);
// Answers an error of Exchange::read() or read_body().
void answer_unread_body(Request& request, const Error& error);

// Members of a JSON object; what is wrong with them is collected, so that one answer names every field. A member that
// is null counts as absent.
class Fields {
 public:
  // `what` names the text in errors. Errors: invalid_argument (malformed, no object).
  static Result<Fields> parse(const std::string& text, const std::string& what = "the body");
  explicit Fields(Json object) : object_(std::move(object)) {}

  std::string required_string(const std::string& name);
  // Empty when absent; present, it must not be empty.
  std::string optional_string(const std::string& name);
  std::optional<std::int64_t> optional_integer(const std::string& name);
  void reject(const std::string& name, const std::string& message) { problems_.add(name, message); }
  // `check_values` is asked only when a shape is wrong, so that the answer names wrong values of other fields, too.
  template <class CheckValues>
  Result<void> check(const CheckValues& check_values) {
    if (!problems_.empty()) problems_.add(Result<void>(check_values()));
    return problems_.check();
  }
  Result<void> check() const { return problems_.check(); }

 private:
  const Json* find(const std::string& name) const;

  Json object_;
  FieldProblems problems_;
};

// Errors: invalid_argument naming `name`, for a `text` that net::percent_decode() refuses.
Failure undecodable(const std::string& name, std::string_view text);

// A query parameter, decoded; nullopt when absent. Errors: invalid_argument naming it (given twice, a broken escape,
// NUL).
Result<std::optional<std::string>> query_text(const net::RequestHead& head, const std::string& name);

struct IntRange {
  std::int64_t min, max, fallback;
};
// A whole number in the query. Errors: invalid_argument naming it.
Result<std::int64_t> query_int(const net::RequestHead& head, const std::string& name, const IntRange& range);
// What is wrong with several parameters, as one error that names each.
template <class... Values>
Result<void> check_query(const Result<Values>&... values) {
  FieldProblems problems;
  (problems.add(values), ...);
  return problems.check();
}
// The same as query_int() for a number that came elsewhere.
Result<std::int64_t> parse_int(const std::string& name, std::string_view text, const IntRange& range);

// A client that asks for events behind some that the log does not have: it saw them before the server's machine lost
// power (docs/adr/0005). invalid_argument naming `after`.
Failure after_the_end(Seq after, Seq last_seq);

}  // namespace ottobot::api
