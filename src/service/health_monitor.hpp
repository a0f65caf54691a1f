// HealthMonitor: asks the parts of the service how they are, on a thread of its own, so that /health answers at once
// from memory. Thread-safe; the destructor joins.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "ottobot/containers/breaker.hpp"
#include "ottobot/json.hpp"
#include "ottobot/session_store.hpp"
#include "session/worker_roster.hpp"

namespace ottobot::service {

class HealthMonitor {
 public:
  // All are borrowed. `breaker` is around `backend`, which is asked itself: nothing that fails may keep the question
  // from being asked. Both are null in a process without sandboxes.
  struct Parts {
    SessionStore& store;
    ContainerBackend* backend = nullptr;
    const BreakerBackend* breaker = nullptr;
    session::WorkerRoster& workers;
    bool store_is_redis = false;
    std::string cluster_secret;  // that workers have to share
  };
  // Asks once before it returns, the engine for its sandboxes only after that.
  HealthMonitor(Parts parts, Logger& logger);

  // {redis, docker, workers, store}: parts that are not configured are true. A store that has not answered for a while
  // is false, even when the asking hangs; `docker` is, whatever the backend, while that does not answer or launches are
  // refused.
  Json services() const;
  // Sentences: what does not work as it should, though the service goes on.
  std::vector<std::string> problems() const;
  // Asks now instead of within a second.
  void ask_workers();

 private:
  void watch_secrets(const std::vector<WorkerRecord>& live);
  void ask_store();
  void ask_backend(const std::stop_token& stop);
  void watch(std::stop_token stop);

  std::optional<Error> refusal() const;

  const Parts parts_;
  Logger& logger_;
  mutable std::mutex mutex_;  // guards the members below
  std::condition_variable_any wake_;
  bool store_answers_ = false;
  std::string store_problem_;
  std::string backend_problem_;
  SteadyTime asked_at_{};
  int workers_ = 0;
  std::size_t strangers_ = 0;      // of the workers that live
  std::set<std::string> told_of_;  // strangers that the log has named
  std::jthread thread_;            // last: it uses all of the above
};

}  // namespace ottobot::service
