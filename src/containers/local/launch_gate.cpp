#include "containers/local/launch_gate.hpp"

namespace ottobot::containers {

Result<LaunchGate::Pass> LaunchGate::enter(const CallContext& ctx) {
  std::unique_lock lock(mutex_);
  const std::uint64_t number = next_++;
  const auto place = present_.insert(number).first;
  const auto is_in = [&] { return static_cast<std::size_t>(std::distance(present_.begin(), place)) < places_; };
  bool entered = is_in();
  while (!entered && ctx.check()) {
    somebody_left_.wait_until(lock, ctx.stop, ctx.deadline, is_in);
    entered = is_in();
  }
  if (entered) return Pass(*this, number);
  lock.unlock();
  leave(number);
  return fail(ctx.check().error());
}

void LaunchGate::leave(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  present_.erase(number);
  somebody_left_.notify_all();
}

}  // namespace ottobot::containers
