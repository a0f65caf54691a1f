// A clock that moves only when told. Thread-safe.
#pragma once

#include <condition_variable>
#include <mutex>

#include "ottobot/clock.hpp"

namespace ottobot::testing {

class ManualClock final : public Clock {
 public:
  UnixMillis now_ms() const override;
  SteadyTime steady_now() const override;
  // Blocks until advance() has moved the time that far.
  Result<void> sleep_for(std::chrono::milliseconds duration, const CallContext& ctx) override;

  void advance(std::chrono::milliseconds duration);
  // Number of threads in sleep_for(): lets a test wait for a sleeper instead of guessing.
  int sleepers() const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  std::chrono::milliseconds elapsed_{0};
  int sleepers_ = 0;
};

}  // namespace ottobot::testing
