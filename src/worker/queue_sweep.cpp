#include "worker/queue_sweep.hpp"

#include <algorithm>

#include "session/worker_roster.hpp"

namespace ottobot::worker {

void QueueSweep::run(const CallContext& ctx) {
  // In this order: a worker announces itself before anybody pushes to it.
  const auto queues = queue_.queues(ctx);
  const auto workers = queues ? queue_.workers(ctx) : fail(queues.error());
  if (!workers) return;
  std::map<std::string, SteadyTime> ownerless;
  const SteadyTime now = clock_.steady_now();
  for (const QueueOverview& queue : *queues) {
    const auto id = session::worker_of_queue(queue.name);
    const bool is_known =
        std::any_of(workers->begin(), workers->end(), [&](const WorkerRecord& worker) { return worker.id == id; });
    if (!id || is_known) continue;
    const auto seen = ownerless_.find(queue.name);
    const SteadyTime since = seen != ownerless_.end() ? seen->second : now;
    ownerless.emplace(queue.name, since);
    if (now - since >= kPatience) clear(queue.name, ctx);
  }
  ownerless_ = std::move(ownerless);
}

// What is lost between the first two steps, the reconciler pushes again: it is in the store. Where a job is leased or a
// dead letter lies, the queue stays.
void QueueSweep::clear(const std::string& queue, const CallContext& ctx) {
  const auto jobs = queue_.drain(queue, ctx);
  if (!jobs) return;
  for (const std::string& id : *jobs) push_(id, ctx);
  if (!jobs->empty())
    logger_.info("moved the jobs of a worker that is gone", {{"queue", queue}, {"jobs", jobs->size()}});
  const auto forgotten = queue_.forget(queue, ctx);
  if (forgotten && *forgotten) logger_.debug("forgot the queue of a worker that is gone", {{"queue", queue}});
}

}  // namespace ottobot::worker
