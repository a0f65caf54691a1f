// A Queue at the other end of a wire.
#pragma once

#include "ottobot/queue.hpp"
#include "simulation/wire.hpp"

namespace ottobot::simulation {

class RemoteQueue final : public Queue {
 public:
  // `queue` is borrowed and outlives whatever is under way.
  RemoteQueue(Queue& queue, Wire wire) : queue_(queue), wire_(std::move(wire)) {}

  Result<bool> push(const PushParams& params, const CallContext& ctx) override;
  // Waits at this end, and looks again when it is told of a change, which it may miss, or after a second.
  Result<std::optional<Job>> lease(const LeaseJobParams& params, const CallContext& ctx) override;
  Result<void> extend(const Job& job, std::chrono::milliseconds ttl, const CallContext& ctx) override;
  Result<void> complete(const Job& job, const CallContext& ctx) override;
  Result<void> fail(const Job& job, const FailJobParams& params, const CallContext& ctx) override;
  Result<std::size_t> recover_stalled(const CallContext& ctx) override;
  Result<QueueCounts> counts(const std::string& queue, const CallContext& ctx) override;
  Result<std::vector<DeadJob>> dead_letters(const std::string& queue, std::size_t limit,
                                            const CallContext& ctx) override;
  Result<void> drop_dead_letters(const std::string& queue, const std::string& job_id, const CallContext& ctx) override;
  Result<std::vector<QueueOverview>> queues(const CallContext& ctx) override;
  Result<std::vector<QueuedJob>> jobs(const std::string& queue, std::size_t limit, const CallContext& ctx) override;
  Result<bool> forget(const std::string& queue, const CallContext& ctx) override;
  Result<std::vector<std::string>> drain(const std::string& queue, const CallContext& ctx) override;
  Result<void> announce_worker(const WorkerRecord& worker, std::chrono::milliseconds ttl,
                               const CallContext& ctx) override;
  Result<void> withdraw_worker(const std::string& worker_id, const CallContext& ctx) override;
  Result<std::vector<WorkerRecord>> workers(const CallContext& ctx) override;

 private:
  template <class Body>
  auto change(const std::string& what, const CallContext& ctx, Body body)
      -> std::invoke_result_t<Body, const CallContext&>;

  Queue& queue_;
  Wire wire_;
};

}  // namespace ottobot::simulation
