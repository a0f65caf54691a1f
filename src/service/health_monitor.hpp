// HealthMonitor: asks the parts of the service how they are, on a thread of its own, so that /health answers at once
// from memory. Thread-safe; the destructor joins.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "ottobot/containers/breaker.hpp"
#include "ottobot/json.hpp"
#include "ottobot/session_store.hpp"

namespace ottobot::service {

class HealthMonitor {
 public:
  // Asks once before it returns, the engine for its sandboxes only after that. All are borrowed. `breaker` is around
  // `backend`, which is asked itself: nothing that fails may keep the question from being asked.
  HealthMonitor(SessionStore& store, ContainerBackend& backend, const BreakerBackend& breaker, bool store_is_redis,
                Logger& logger);

  // {redis, docker, workers, store}: parts that are not configured are true. A store that has not answered for a while
  // is false, even when the asking hangs; `docker` is, whatever the backend, while that does not answer within a second or
  // launches are refused.
  Json services() const;
  // Sentences: what does not work as it should, though the service goes on.
  std::vector<std::string> problems() const;
  void set_workers(int workers);

 private:
  void ask_store();
  void ask_backend(const std::stop_token& stop);
  void watch(std::stop_token stop);

  SessionStore& store_;
  ContainerBackend& backend_;
  const BreakerBackend& breaker_;
  const bool store_is_redis_;
  Logger& logger_;
  mutable std::mutex mutex_;  // guards the members below
  std::condition_variable_any wake_;
  bool store_answers_ = false;
  std::string store_problem_;
  std::string backend_problem_;
  SteadyTime asked_at_{};
  int workers_ = 0;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace ottobot::service
