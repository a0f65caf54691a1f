// The jobs of one named queue; the rules of Queue without waiting and locking. One thread at a time.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <unordered_map>

#include "ottobot/queue.hpp"

namespace ottobot::stores {

// A job is waiting, delayed or leased.
class NamedQueue {
 public:
  explicit NamedQueue(std::string name) : name_(std::move(name)) {}

  // False when the id waits already.
  bool push(const std::string& id, SteadyTime due, SteadyTime now);
  std::optional<Job> lease(std::chrono::milliseconds ttl, SteadyTime now);
  // These three: false when the lease is no longer held.
  bool extend(const Job& job, SteadyTime until);
  bool complete(const Job& job, SteadyTime now);
  bool fail(const Job& job, const FailJobParams& params, SteadyTime now, UnixMillis now_ms);
  std::size_t recover_stalled(SteadyTime now);
  std::vector<std::string> drain();

  QueueCounts counts(SteadyTime now);
  QueueOverview overview(SteadyTime now, UnixMillis now_ms);
  std::vector<QueuedJob> jobs(std::size_t limit, SteadyTime now, UnixMillis now_ms);
  const std::deque<DeadJob>& dead() const { return dead_; }
  // Empty id = all.
  void drop_dead(const std::string& id);
  bool is_empty() const { return attempts_.empty() && leased_.empty() && dead_.empty(); }
  bool has_delayed() const { return !delayed_.empty(); }

 private:
  struct LeasedJob {
    std::string token;
    int attempt = 1;
    SteadyTime until;
    std::optional<SteadyTime> push_again;  // pushed while leased: due then
  };

  struct WaitingJob {
    int attempt = 1;
    SteadyTime since;
  };

  LeasedJob* find_leased(const Job& job);
  void end_lease(const std::string& id, std::optional<SteadyTime> again, int attempt, SteadyTime now);
  void enqueue(const std::string& id, SteadyTime due, SteadyTime now);
  void promote_due(SteadyTime now);

  const std::string name_;
  std::unordered_map<std::string, WaitingJob> attempts_;  // of the ids in waiting_ and delayed_
  std::deque<std::string> waiting_;
  std::multimap<SteadyTime, std::string> delayed_;
  std::unordered_map<std::string, LeasedJob> leased_;
  std::deque<DeadJob> dead_;  // oldest first
};

}  // namespace ottobot::stores
