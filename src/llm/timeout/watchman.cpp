#include "llm/timeout/watchman.hpp"

#include <algorithm>
#include <vector>

namespace ottobot::llm {
namespace {

using std::chrono::milliseconds;

// Longer than anybody waits, and still short of where adding it to a time would overflow.
constexpr milliseconds kNever{std::chrono::hours(24 * 365 * 50)};

milliseconds or_never(milliseconds limit) { return limit > milliseconds(0) ? limit : kNever; }

}  // namespace

Watchman::Watchman(LlmTimeouts timeouts, Clock& clock)
    : timeouts_{or_never(timeouts.idle), or_never(timeouts.total)},
      clock_(clock),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Watchman::begin(Watch& watch) {
  std::lock_guard lock(mutex_);
  watches_.insert(&watch);
  came_.notify_all();
}

Watchman::Alarm Watchman::end(Watch& watch) {
  std::lock_guard lock(mutex_);
  watches_.erase(&watch);
  return watch.alarm_;
}

// No call can become due sooner than the shorter limit from now, so nobody has to wake the thread from its sleep: a
// call that begins meanwhile is seen in time.
void Watchman::run(const std::stop_token& stop) {
  CallContext until_the_end;
  until_the_end.stop = stop;
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      if (!came_.wait(lock, stop, [this] { return !watches_.empty(); })) return;
    }
    const SteadyTime next = look_after_all();
    const auto nap = std::chrono::ceil<milliseconds>(next - clock_.steady_now());
    if (nap > milliseconds(0)) (void)clock_.sleep_for(nap, until_the_end);
  }
}

SteadyTime Watchman::look_after_all() {
  // Stopped outside the lock: a stop token runs its callbacks right there.
  std::vector<std::stop_source> to_stop;
  const SteadyTime now = clock_.steady_now();
  SteadyTime next = now + std::min(timeouts_.idle, timeouts_.total);
  {
    std::lock_guard lock(mutex_);
    for (Watch* watch : watches_) {
      if (watch->alarm_ != Alarm::none) continue;
      watch->alarm_ = alarm_of(*watch, now);
      if (watch->alarm_ != Alarm::none) {
        to_stop.push_back(watch->stop_);
      } else {
        next = std::min(next, due(*watch));
      }
    }
  }
  for (std::stop_source& source : to_stop) source.request_stop();
  return next;
}

SteadyTime Watchman::due(const Watch& watch) const {
  return std::min(watch.last_.load(std::memory_order_relaxed) + timeouts_.idle, watch.started_ + timeouts_.total);
}

Watchman::Alarm Watchman::alarm_of(const Watch& watch, SteadyTime now) const {
  if (now < due(watch)) return Alarm::none;
  return now >= watch.started_ + timeouts_.total ? Alarm::total : Alarm::idle;
}

}  // namespace ottobot::llm
