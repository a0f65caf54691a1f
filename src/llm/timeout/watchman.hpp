// Stops calls that have been silent, or have lasted, for too long. One thread watches all of them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stop_token>
#include <thread>

#include "ottobot/llm/timeout.hpp"

namespace ottobot::llm {

class Watchman {
 public:
  enum class Alarm { none, idle, total };

  // One call. Lives from before begin() until after end().
  class Watch {
   public:
    explicit Watch(const Clock& clock) : clock_(clock), started_(clock.steady_now()), last_(started_) {}

    void touch() { last_.store(clock_.steady_now(), std::memory_order_relaxed); }
    std::stop_source& stop() { return stop_; }

   private:
    friend class Watchman;

    const Clock& clock_;
    const SteadyTime started_;
    std::atomic<SteadyTime> last_;
    std::stop_source stop_;
    Alarm alarm_ = Alarm::none;  // guarded by the watchman's mutex
  };

  // `clock` is borrowed. May throw std::system_error when there is no thread.
  Watchman(LlmTimeouts timeouts, Clock& clock);

  void begin(Watch& watch);
  // Why the watch was stopped, if it was.
  Alarm end(Watch& watch);

 private:
  void run(const std::stop_token& stop);
  // Stops those that are due; when to look again.
  SteadyTime look_after_all();
  Alarm alarm_of(const Watch& watch, SteadyTime now) const;
  SteadyTime due(const Watch& watch) const;

  const LlmTimeouts timeouts_;
  Clock& clock_;
  std::mutex mutex_;  // guards watches_ and the alarms in them
  std::condition_variable_any came_;
  std::set<Watch*> watches_;
  std::jthread thread_;
};

}  // namespace ottobot::llm
