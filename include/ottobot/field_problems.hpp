// FieldProblems: what is wrong with the fields of one request, collected so that one error names them all. One thread.
#pragma once

#include <string>
#include <vector>

#include "ottobot/error.hpp"

namespace ottobot {

class FieldProblems {
 public:
  // Only the first problem of a field counts.
  void add(std::string field, std::string message);
  // The fields that an invalid_argument names; other errors and values name none.
  template <class T>
  void add(const Result<T>& result) {
    if (!result) add_details(result.error());
  }

  bool empty() const { return problems_.empty(); }
  // Errors: invalid_argument, with a detail for each field and all of them in the message.
  Result<void> check() const;

 private:
  void add_details(const Error& error);

  std::vector<ErrorDetail> problems_;
};

}  // namespace ottobot
