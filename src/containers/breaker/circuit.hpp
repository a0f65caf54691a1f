// Circuit: counts the failures in a row of one kind of call and says whether the next one is worth trying. Thread-safe.
#pragma once

#include <mutex>
#include <string>

#include "ottobot/containers/breaker.hpp"

namespace ottobot::containers {

class Circuit {
 public:
  // `complaint` begins the refusals ("sandboxes cannot be started"). `clock` is borrowed.
  Circuit(std::string complaint, BreakerOptions options, Clock& clock)
      : complaint_(std::move(complaint)), options_(options), clock_(clock) {}

  // Runs `call` unless it is refused, and learns from its outcome. Errors of its own: unavailable.
  template <class Call>
  auto run(const Call& call) -> decltype(call()) {
    if (auto admitted = enter(); !admitted) return fail(admitted.error());
    auto result = call();
    leave(result ? nullptr : &result.error());
    return result;
  }

  // What run() would say now. Errors: unavailable.
  Result<void> check() const;

 private:
  Result<void> enter();
  void leave(const Error* error);
  Result<void> admit() const;

  const std::string complaint_;
  const BreakerOptions options_;
  Clock& clock_;
  mutable std::mutex mutex_;  // guards the members below
  int failures_ = 0;          // in a row
  SteadyTime refused_until_{};
  bool trial_runs_ = false;
};

}  // namespace ottobot::containers
