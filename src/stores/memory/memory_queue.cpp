#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "ottobot/stores/memory.hpp"
#include "stores/job_rules.hpp"
#include "stores/memory/named_queue.hpp"

namespace ottobot {
namespace {

using std::chrono::milliseconds;
using stores::NamedQueue;

// How often a waiting lease() looks at the clock, which a test may have moved.
constexpr milliseconds kClockPoll{20};

Result<void> held_or_conflict(bool held, const Job& job) {
  if (!held) return stores::lease_lost(job);
  return {};
}

class MemoryQueue final : public Queue {
 public:
  explicit MemoryQueue(Clock& clock) : clock_(clock) {}

  Result<bool> push(const PushParams& params, const CallContext& ctx) override {
    return change(ctx, [&](SteadyTime now) -> Result<bool> {
      named_.insert(params.queue);
      return queue(params.queue).push(params.job_id, now + params.delay, now);
    });
  }

  Result<std::optional<Job>> lease(const LeaseJobParams& params, const CallContext& ctx) override {
    if (params.done) (void)complete(*params.done, {});
    std::unique_lock lock(mutex_);
    while (true) {
      if (ctx.stop.stop_requested()) return cancelled();
      if (auto job = try_lease(params)) return job;
      if (std::chrono::steady_clock::now() >= ctx.deadline) return std::nullopt;
      wait_for_change(lock, params, ctx);
    }
  }

  Result<void> extend(const Job& job, milliseconds ttl, const CallContext& ctx) override {
    return change(ctx, [&](SteadyTime now) { return held_or_conflict(queue(job.queue).extend(job, now + ttl), job); });
  }

  Result<void> complete(const Job& job, const CallContext& ctx) override {
    return change(ctx, [&](SteadyTime now) { return held_or_conflict(queue(job.queue).complete(job, now), job); });
  }

  Result<void> fail(const Job& job, const FailJobParams& params, const CallContext& ctx) override {
    return change(ctx, [&](SteadyTime now) {
      return held_or_conflict(queue(job.queue).fail(job, params, now, clock_.now_ms()), job);
    });
  }

  Result<std::size_t> recover_stalled(const CallContext& ctx) override {
    return change(ctx, [&](SteadyTime now) -> Result<std::size_t> {
      std::size_t recovered = 0;
      for (auto& [name, jobs] : queues_) recovered += jobs.recover_stalled(now);
      return recovered;
    });
  }

  Result<QueueCounts> counts(const std::string& name, const CallContext& ctx) override {
    return look(ctx, [&](SteadyTime now) -> Result<QueueCounts> { return queue(name).counts(now); });
  }

  Result<std::vector<DeadJob>> dead_letters(const std::string& name, std::size_t limit,
                                            const CallContext& ctx) override {
    return look(ctx, [&](SteadyTime) -> Result<std::vector<DeadJob>> {
      const auto& dead = queue(name).dead();
      const auto count = static_cast<std::ptrdiff_t>(std::min(limit, dead.size()));
      return std::vector<DeadJob>(dead.begin(), dead.begin() + count);
    });
  }

  Result<void> drop_dead_letters(const std::string& name, const std::string& job_id, const CallContext& ctx) override {
    return look(ctx, [&](SteadyTime) -> Result<void> {
      queue(name).drop_dead(job_id);
      return {};
    });
  }

  Result<std::vector<QueueOverview>> queues(const CallContext& ctx) override {
    return look(ctx, [&](SteadyTime now) -> Result<std::vector<QueueOverview>> {
      std::vector<QueueOverview> seen;
      for (const std::string& name : named_) seen.push_back(queue(name).overview(now, clock_.now_ms()));
      return seen;
    });
  }

  Result<std::vector<QueuedJob>> jobs(const std::string& name, std::size_t limit, const CallContext& ctx) override {
    return look(ctx, [&](SteadyTime now) -> Result<std::vector<QueuedJob>> {
      return queue(name).jobs(limit, now, clock_.now_ms());
    });
  }

  Result<bool> forget(const std::string& name, const CallContext& ctx) override {
    return look(ctx, [&](SteadyTime) -> Result<bool> {
      if (!queue(name).is_empty()) return false;
      queues_.erase(name);
      named_.erase(name);
      return true;
    });
  }

  Result<std::vector<std::string>> drain(const std::string& name, const CallContext& ctx) override {
    return change(ctx, [&](SteadyTime) -> Result<std::vector<std::string>> { return queue(name).drain(); });
  }

  Result<void> announce_worker(const WorkerRecord& worker, milliseconds ttl, const CallContext& ctx) override {
    return look(ctx, [&](SteadyTime now) -> Result<void> {
      workers_[worker.id] = {worker, now + ttl};
      return {};
    });
  }

  Result<void> withdraw_worker(const std::string& worker_id, const CallContext& ctx) override {
    return look(ctx, [&](SteadyTime) -> Result<void> {
      workers_.erase(worker_id);
      return {};
    });
  }

  Result<std::vector<WorkerRecord>> workers(const CallContext& ctx) override {
    return look(ctx, [&](SteadyTime now) -> Result<std::vector<WorkerRecord>> {
      std::vector<WorkerRecord> records;
      for (const auto& [id, announced] : workers_) {
        records.push_back(announced.worker);
        records.back().alive = announced.until > now;
      }
      return records;
    });
  }

 private:
  struct Announced {
    WorkerRecord worker;
    SteadyTime until;
  };

  // `body(now)` under the lock.
  template <class Body>
  auto look(const CallContext& ctx, const Body& body) -> std::invoke_result_t<Body, SteadyTime> {
    if (auto running = ctx.check(); !running) return ottobot::fail(running.error());
    std::lock_guard lock(mutex_);
    return body(clock_.steady_now());
  }

  // `body(now)` under the lock; afterwards whoever waits for a job looks again.
  template <class Body>
  auto change(const CallContext& ctx, const Body& body) -> std::invoke_result_t<Body, SteadyTime> {
    return look(ctx, [&](SteadyTime now) {
      auto result = body(now);
      ++changes_;
      changed_.notify_all();
      return result;
    });
  }

  NamedQueue& queue(const std::string& name) { return queues_.try_emplace(name, name).first->second; }

  std::optional<Job> try_lease(const LeaseJobParams& params) {
    const SteadyTime now = clock_.steady_now();
    for (const auto& name : params.queues) {
      if (auto job = queue(name).lease(params.ttl, now)) return job;
    }
    return std::nullopt;
  }

  void wait_for_change(std::unique_lock<std::mutex>& lock, const LeaseJobParams& params, const CallContext& ctx) {
    const bool timed = std::any_of(params.queues.begin(), params.queues.end(),
                                   [&](const std::string& name) { return queue(name).has_delayed(); });
    const auto poll_at = std::chrono::steady_clock::now() + kClockPoll;
    SteadyTime until = timed ? std::min(ctx.deadline, poll_at) : ctx.deadline;
    const auto seen = changes_;
    changed_.wait_until(lock, ctx.stop, until, [&] { return changes_ != seen; });
  }

  Clock& clock_;
  std::mutex mutex_;  // guards the members below
  std::condition_variable_any changed_;
  std::map<std::string, NamedQueue> queues_;
  std::set<std::string> named_;  // those that somebody has pushed to
  std::map<std::string, Announced> workers_;
  std::uint64_t changes_ = 0;
};

}  // namespace

std::unique_ptr<Queue> make_memory_queue(Clock& clock) { return std::make_unique<MemoryQueue>(clock); }

}  // namespace ottobot
