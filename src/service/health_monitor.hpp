// HealthMonitor: asks the parts of the service how they are, on a thread of its own, so that /health answers at once
// from memory. Thread-safe; the destructor joins.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "ottobot/json.hpp"
#include "ottobot/session_store.hpp"

namespace ottobot::service {

class HealthMonitor {
 public:
  // Asks once before it returns. `store` is borrowed.
  explicit HealthMonitor(SessionStore& store);

  // {redis, docker, workers, store}: parts that are not configured are true. A store that has not answered for a while
  // is false, even when the asking hangs.
  Json services() const;
  void set_workers(int workers);

 private:
  void ask();
  void watch(std::stop_token stop);

  SessionStore& store_;
  mutable std::mutex mutex_;  // guards the members below
  std::condition_variable_any wake_;
  bool store_answers_ = false;
  SteadyTime asked_at_{};
  int workers_ = 0;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace ottobot::service
