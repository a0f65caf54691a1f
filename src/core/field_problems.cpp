#include "ottobot/field_problems.hpp"

#include <algorithm>

namespace ottobot {

void FieldProblems::add(std::string field, std::string message) {
  const bool known = std::any_of(problems_.begin(), problems_.end(),
                                 [&](const ErrorDetail& problem) { return problem.field == field; });
  if (!known) problems_.push_back({std::move(field), std::move(message)});
}

void FieldProblems::add_details(const Error& error) {
  if (error.code != ErrorCode::invalid_argument) return;
  for (const ErrorDetail& detail : error.details) add(detail.field, detail.message);
}

Result<void> FieldProblems::check() const {
  if (problems_.empty()) return {};
  std::string message;
  for (const ErrorDetail& problem : problems_) {
    message += (message.empty() ? "" : "; ") + problem.field + ": " + problem.message;
  }
  Failure failure = invalid_argument(std::move(message));
  failure.value().details = problems_;
  return failure;
}

}  // namespace ottobot
