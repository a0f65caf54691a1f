// Assertions on Result<T> that print the error.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "ottobot/error.hpp"

namespace ottobot::testing {

template <class T>
::testing::AssertionResult succeeded(const Result<T>& result) {
  if (result) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << result.error().to_string();
}

template <class T>
::testing::AssertionResult failed_with(ErrorCode code, const Result<T>& result) {
  if (result) return ::testing::AssertionFailure() << "succeeded instead of " << to_string(code);
  if (result.error().code == code) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << result.error().to_string() << " instead of " << to_string(code);
}

// The value, or a failed test and a default-constructed one.
template <class T>
T value_of(Result<T> result) {
  EXPECT_TRUE(succeeded(result));
  return result ? std::move(*result) : T{};
}

}  // namespace ottobot::testing
