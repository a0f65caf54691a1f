// Time, injected.
//
// Whoever needs the time of day, measures a duration or waits takes a Clock&. SystemClock is the real one;
// ottobot::testing::ManualClock is moved by hand, so no unit test sleeps. Implementations are thread-safe and must
// outlive their borrowers.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "ottobot/call_context.hpp"

namespace ottobot {

// Milliseconds since the Unix epoch, UTC.
using UnixMillis = std::int64_t;

class Clock {
 public:
  virtual ~Clock() = default;
  // Time of day. May jump.
  virtual UnixMillis now_ms() const = 0;
  // Monotonic time, comparable only with itself.
  virtual SteadyTime steady_now() const = 0;
  // Blocks for `duration` or until ctx ends. Errors: cancelled, deadline_exceeded.
  virtual Result<void> sleep_for(std::chrono::milliseconds duration, const CallContext& ctx) = 0;
};

// The process's real clock; lives for the whole program.
Clock& system_clock();

// "2026-11-22T10:00:00.000Z" (RFC 3339, UTC, milliseconds).
std::string to_rfc3339(UnixMillis time);

}  // namespace ottobot
