// Deadline and cancellation of one call.
//
// Every blocking call takes a `const CallContext&` and returns within a moment of the earlier of: its work being done,
// the deadline passing (deadline_exceeded), the stop token firing (cancelled). The context is borrowed for the duration
// of the call only. Copying is cheap.
#pragma once

#include <algorithm>
#include <chrono>
#include <stop_token>

#include "ottobot/error.hpp"

namespace ottobot {

using SteadyTime = std::chrono::steady_clock::time_point;

struct CallContext {
  SteadyTime deadline = SteadyTime::max();
  std::stop_token stop;

  // cancelled or deadline_exceeded when the call should end now.
  Result<void> check() const {
    if (stop.stop_requested()) return cancelled();
    if (std::chrono::steady_clock::now() >= deadline) return deadline_exceeded();
    return {};
  }

  // Time left, at least 0; milliseconds::max() without a deadline.
  std::chrono::milliseconds remaining() const {
    if (deadline == SteadyTime::max()) return std::chrono::milliseconds::max();
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    return std::max(left, std::chrono::milliseconds{0});
  }

  // The same call with at most `timeout` from now.
  CallContext within(std::chrono::milliseconds timeout) const {
    CallContext narrowed = *this;
    narrowed.deadline = std::min(deadline, std::chrono::steady_clock::now() + timeout);
    return narrowed;
  }

  // The same deadline under another stop token.
  CallContext with_stop(std::stop_token token) const {
    CallContext other = *this;
    other.stop = std::move(token);
    return other;
  }
};

inline CallContext with_timeout(std::chrono::milliseconds timeout) { return CallContext{}.within(timeout); }

}  // namespace ottobot
