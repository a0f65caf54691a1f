// Census: what there is right now, for /metrics: sessions, queue, worker, sandboxes and what they use.
//
// Asks the store for sums that it keeps, the queue for its workers, and the backend for the sandboxes that run; never reads a log or goes through
// all sessions. Thread-safe.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "ottobot/clock.hpp"
#include "ottobot/container_backend.hpp"
#include "ottobot/queue.hpp"
#include "ottobot/session_store.hpp"
#include "session/worker_roster.hpp"

namespace ottobot::service {

struct SandboxUse {
  SessionRow session;
  SandboxState state = SandboxState::starting;
  std::optional<SandboxStats> stats;  // nullopt when the backend could not tell in time
};

struct Snapshot {
  StoreTotals totals;
  QueueCounts queue;                 // of all queues
  std::size_t waiting_sessions = 0;  // in them; one that stands in several counts once
  std::vector<WorkerRecord> workers;
  std::vector<SandboxUse> sandboxes;
  bool launches_refused = false;  // of sandboxes, after failures; set by whoever knows
  bool stale_sandboxes = false;   // the backend or the store did not answer: they are those of the last time
  UnixMillis timestamp = 0;

  std::size_t active_sessions() const;  // those that a user can work with, or soon can
  // Without what belongs to sessions of others than `user` (empty = nobody is another). Sums stay those of all.
  void keep_sandboxes_of(const std::string& user);
};

// The body of GET /metrics as JSON.
Json to_json(const Snapshot& snapshot);

class Census {
 public:
  // All borrowed. `backend` may be null: this process has no sandboxes.
  Census(SessionStore& store, Queue& queue, ContainerBackend* backend, Clock& clock)
      : store_(store), queue_(queue), backend_(backend), clock_(clock), roster_(queue, clock) {}

  // Sandboxes are asked at most once in two seconds, and no more than the newest few hundred of them. Errors: those of
  // store and queue.
  Result<Snapshot> take(const CallContext& ctx);

 private:
  Result<void> add_queues(Snapshot& snapshot, const CallContext& ctx);
  void add_sandboxes(Snapshot& snapshot, const CallContext& ctx);
  Result<std::vector<SandboxUse>> ask_sandboxes(const CallContext& ctx);

  SessionStore& store_;
  Queue& queue_;
  ContainerBackend* const backend_;
  Clock& clock_;
  session::WorkerRoster roster_;

  std::mutex asking_;  // held by the one who asks the backend; the others take what is known
  std::mutex mutex_;   // guards the members below
  std::vector<SandboxUse> known_;
  bool stale_ = false;
  std::optional<SteadyTime> asked_at_;
};

}  // namespace ottobot::service
