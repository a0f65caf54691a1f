#include "ottobot/testing/manual_clock.hpp"

namespace ottobot::testing {
namespace {
constexpr UnixMillis kStart = 1'700'000'000'000;  // 2023-11-14T22:13:20Z
}

UnixMillis ManualClock::now_ms() const {
  std::lock_guard lock(mutex_);
  return kStart + elapsed_.count();
}

SteadyTime ManualClock::steady_now() const {
  std::lock_guard lock(mutex_);
  return SteadyTime{} + std::chrono::hours(1) + elapsed_;
}

Result<void> ManualClock::sleep_for(std::chrono::milliseconds duration, const CallContext& ctx) {
  std::unique_lock lock(mutex_);
  const auto until = elapsed_ + duration;
  ++sleepers_;
  changed_.notify_all();
  const bool reached = changed_.wait(lock, ctx.stop, [&] { return elapsed_ >= until; });
  --sleepers_;
  if (!reached) return cancelled();
  return {};
}

void ManualClock::advance(std::chrono::milliseconds duration) {
  std::lock_guard lock(mutex_);
  elapsed_ += duration;
  changed_.notify_all();
}

int ManualClock::sleepers() const {
  std::lock_guard lock(mutex_);
  return sleepers_;
}

}  // namespace ottobot::testing
