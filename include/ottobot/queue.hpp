// Queue: which session has work.
//
// A job carries no payload but its id (the session's): losing one is harmless, because the reconciler pushes every
// pending session again. Pushing an id that waits already changes nothing; pushing one that is leased makes it wait
// again once that lease is completed or failed. It also knows who takes jobs: workers announce themselves here, so that
// jobs can be pushed to one of them. Thread-safe; calls block until done or ctx ends.
//
// An implementer passes ottobot::testing's QueueContract.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "ottobot/call_context.hpp"
#include "ottobot/queue_views.hpp"

namespace ottobot {

struct PushParams {
  std::string queue;
  std::string job_id;
  std::chrono::milliseconds delay{0};
};

struct Job {
  std::string queue, id;
  std::string token;  // of this lease
  int attempt = 1;    // counts failures and stalls
};

struct LeaseJobParams {
  std::vector<std::string> queues;  // in order of preference
  std::string owner;
  std::chrono::milliseconds ttl{30000};  // without extend(), the job is stalled after this
  // Is completed before one is leased, in the same step where it is of the first queue. That its lease is no longer held
  // is no error here. After an error nobody knows whether it was completed: to complete it again does no harm.
  std::optional<Job> done{};
};

struct FailJobParams {
  std::string reason;
  int max_attempts = 5;                     // then it goes to the dead letters
  std::chrono::milliseconds backoff{1000};  // of the first failure; doubled per attempt
  std::chrono::milliseconds max_backoff{60000};
};

// A process that takes jobs, as it announces itself to those who push them.
struct WorkerRecord {
  std::string id;
  std::string host_id;  // where its sandboxes are
  std::string url;      // of its relay, for API servers; empty = it has none
  int running = 0;      // sessions it runs now
  int capacity = 0;     // and may run at once
  int spare_sandboxes = 0;
  bool alive = true;  // false: what it announced has run out; for whoever cleans up after it
  std::string secret_digest;  // of the secret that the processes of a service share; empty = it has none
};

class Queue {
 public:
  virtual ~Queue() = default;

  // False when the id waits already. Errors: unavailable.
  virtual Result<bool> push(const PushParams& params, const CallContext& ctx) = 0;
  // Many at once, without delay; returns how many did not wait already. After an error some may have been pushed.
  virtual Result<std::size_t> push_all(const std::string& queue, const std::vector<std::string>& job_ids,
                                       const CallContext& ctx);
  // The oldest job that is due; blocks for one. nullopt when ctx's deadline passes; cancelled when it is stopped.
  virtual Result<std::optional<Job>> lease(const LeaseJobParams& params, const CallContext& ctx) = 0;
  // Errors, these three: conflict when the lease is no longer held.
  virtual Result<void> extend(const Job& job, std::chrono::milliseconds ttl, const CallContext& ctx) = 0;
  virtual Result<void> complete(const Job& job, const CallContext& ctx) = 0;
  virtual Result<void> fail(const Job& job, const FailJobParams& params, const CallContext& ctx) = 0;
  // Puts jobs whose lease ran out back, first in line; returns how many.
  virtual Result<std::size_t> recover_stalled(const CallContext& ctx) = 0;
  virtual Result<QueueCounts> counts(const std::string& queue, const CallContext& ctx) = 0;
  virtual Result<std::vector<DeadJob>> dead_letters(const std::string& queue, std::size_t limit,
                                                    const CallContext& ctx) = 0;
  // Forgets these dead letters; empty id = all. Harmless when there is none.
  virtual Result<void> drop_dead_letters(const std::string& queue, const std::string& job_id,
                                         const CallContext& ctx) = 0;
  // Every queue that a job was ever pushed to and that was not forgotten, by name.
  virtual Result<std::vector<QueueOverview>> queues(const CallContext& ctx) = 0;
  // What is leased, then what waits, in line, then what is delayed, the soonest first.
  virtual Result<std::vector<QueuedJob>> jobs(const std::string& queue, std::size_t limit, const CallContext& ctx) = 0;
  // Forgets the queue itself. False when there is something in it, dead letters too. A job that is pushed meanwhile is
  // there before, or makes the queue anew.
  virtual Result<bool> forget(const std::string& queue, const CallContext& ctx) = 0;
  // Takes every waiting and delayed job out and returns the ids (to move a dead worker's queue).
  virtual Result<std::vector<std::string>> drain(const std::string& queue, const CallContext& ctx) = 0;

  // Adds or replaces the record of that id; it runs out after `ttl` unless announced again. `alive` is ignored.
  virtual Result<void> announce_worker(const WorkerRecord& worker, std::chrono::milliseconds ttl,
                                       const CallContext& ctx) = 0;
  // Harmless when there is no such record.
  virtual Result<void> withdraw_worker(const std::string& worker_id, const CallContext& ctx) = 0;
  // By id; also those that have run out and were not withdrawn.
  virtual Result<std::vector<WorkerRecord>> workers(const CallContext& ctx) = 0;
};

inline Result<std::size_t> Queue::push_all(const std::string& queue, const std::vector<std::string>& job_ids,
                                           const CallContext& ctx) {
  std::size_t fresh = 0;
  for (const std::string& id : job_ids) {
    auto pushed = push({queue, id}, ctx);
    if (!pushed) return ottobot::fail(pushed.error());
    fresh += *pushed ? 1 : 0;
  }
  return fresh;
}

}  // namespace ottobot
