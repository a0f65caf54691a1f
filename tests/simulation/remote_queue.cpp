#include "simulation/remote_queue.hpp"

namespace ottobot::simulation {

// Whoever waits for a job is told, wherever it is: the queue is the key.
template <class Body>
auto RemoteQueue::change(const std::string& what, const CallContext& ctx, Body body)
    -> std::invoke_result_t<Body, const CallContext&> {
  return wire_.call(what, ctx, [body, &queue = queue_, &scheduler = wire_.scheduler()](const CallContext& own) {
    auto result = body(own);
    scheduler.wake_all(&queue);
    return result;
  });
}

Result<bool> RemoteQueue::push(const PushParams& params, const CallContext& ctx) {
  return change("push " + params.job_id + " to " + params.queue, ctx,
                [&queue = queue_, params](const CallContext&) { return queue.push(params, {}); });
}

Result<std::optional<Job>> RemoteQueue::lease(const LeaseJobParams& params, const CallContext& ctx) {
  Scheduler& scheduler = wire_.scheduler();
  const std::stop_callback on_stop(ctx.stop, [&] { scheduler.wake_all(&queue_); });
  LeaseJobParams wanted = params;
  while (true) {
    // Its own deadline has passed already: it only looks.
    const auto look = [&queue = queue_, wanted, &scheduler](const CallContext&) {
      auto leased = queue.lease(wanted, with_timeout(std::chrono::milliseconds(0)));
      if (wanted.done) scheduler.wake_all(&queue);  // it may have been pushed meanwhile
      return leased;
    };
    auto job = wire_.call("lease", ctx.within(std::chrono::seconds(1)), look);
    if (!job || *job) return job;
    wanted.done.reset();
    if (ctx.stop.stop_requested()) return ottobot::fail(cancelled().value());
    const Nanos left = ctx.deadline == SteadyTime::max() ? kSecond : ctx.remaining().count() * kMillisecond;
    if (left == 0) return std::nullopt;
    scheduler.wait(&queue_, scheduler.now() + std::min(left, kSecond));
    if (!ctx.check() && !ctx.stop.stop_requested()) return std::nullopt;
  }
}

Result<void> RemoteQueue::extend(const Job& job, std::chrono::milliseconds ttl, const CallContext& ctx) {
  return change("extend " + job.id, ctx,
                [&queue = queue_, job, ttl](const CallContext&) { return queue.extend(job, ttl, {}); });
}

Result<void> RemoteQueue::complete(const Job& job, const CallContext& ctx) {
  return change("complete " + job.id, ctx,
                [&queue = queue_, job](const CallContext&) { return queue.complete(job, {}); });
}

Result<void> RemoteQueue::fail(const Job& job, const FailJobParams& params, const CallContext& ctx) {
  return change("fail " + job.id, ctx,
                [&queue = queue_, job, params](const CallContext&) { return queue.fail(job, params, {}); });
}

Result<std::size_t> RemoteQueue::recover_stalled(const CallContext& ctx) {
  return change("recover_stalled", ctx, [&queue = queue_](const CallContext&) { return queue.recover_stalled({}); });
}

Result<QueueCounts> RemoteQueue::counts(const std::string& name, const CallContext& ctx) {
  return wire_.call("counts", ctx, [&queue = queue_, name](const CallContext&) { return queue.counts(name, {}); });
}

Result<std::vector<DeadJob>> RemoteQueue::dead_letters(const std::string& name, std::size_t limit,
                                                       const CallContext& ctx) {
  return wire_.call("dead_letters", ctx,
                    [&queue = queue_, name, limit](const CallContext&) { return queue.dead_letters(name, limit, {}); });
}

Result<void> RemoteQueue::drop_dead_letters(const std::string& name, const std::string& id, const CallContext& ctx) {
  return wire_.call("drop_dead_letters", ctx,
                    [&queue = queue_, name, id](const CallContext&) { return queue.drop_dead_letters(name, id, {}); });
}

Result<std::vector<QueueOverview>> RemoteQueue::queues(const CallContext& ctx) {
  return wire_.call("queues", ctx, [&queue = queue_](const CallContext&) { return queue.queues({}); });
}

Result<std::vector<QueuedJob>> RemoteQueue::jobs(const std::string& name, std::size_t limit, const CallContext& ctx) {
  return wire_.call("jobs", ctx,
                    [&queue = queue_, name, limit](const CallContext&) { return queue.jobs(name, limit, {}); });
}

Result<bool> RemoteQueue::forget(const std::string& name, const CallContext& ctx) {
  return wire_.call("forget " + name, ctx, [&queue = queue_, name](const CallContext&) { return queue.forget(name, {}); });
}

Result<std::vector<std::string>> RemoteQueue::drain(const std::string& name, const CallContext& ctx) {
  return change("drain " + name, ctx, [&queue = queue_, name](const CallContext&) { return queue.drain(name, {}); });
}

Result<void> RemoteQueue::announce_worker(const WorkerRecord& worker, std::chrono::milliseconds ttl,
                                          const CallContext& ctx) {
  return wire_.call("announce_worker", ctx, [&queue = queue_, worker, ttl](const CallContext&) {
    return queue.announce_worker(worker, ttl, {});
  });
}

Result<void> RemoteQueue::withdraw_worker(const std::string& worker_id, const CallContext& ctx) {
  return wire_.call("withdraw_worker " + worker_id, ctx,
                    [&queue = queue_, worker_id](const CallContext&) { return queue.withdraw_worker(worker_id, {}); });
}

Result<std::vector<WorkerRecord>> RemoteQueue::workers(const CallContext& ctx) {
  return wire_.call("workers", ctx, [&queue = queue_](const CallContext&) { return queue.workers({}); });
}

}  // namespace ottobot::simulation
