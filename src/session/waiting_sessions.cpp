#include "session/waiting_sessions.hpp"

#include <algorithm>
#include <unordered_set>

namespace ottobot::session {
namespace {

constexpr std::chrono::milliseconds kFresh{500};

std::size_t waiting_in(const QueueOverview& queue) { return queue.counts.waiting + queue.counts.delayed; }

std::size_t sum_of(const std::vector<QueueOverview>& queues) {
  std::size_t sum = 0;
  for (const QueueOverview& queue : queues) sum += waiting_in(queue);
  return sum;
}

}  // namespace

Result<std::size_t> count_waiting(Queue& queue, const std::vector<QueueOverview>& queues, const CallContext& ctx) {
  const auto used = std::count_if(queues.begin(), queues.end(), waiting_in);
  if (used <= 1) return sum_of(queues);
  std::unordered_set<std::string> ids;
  for (const QueueOverview& each : queues) {
    if (waiting_in(each) == 0) continue;
    auto jobs = queue.jobs(each.name, waiting_in(each) + each.counts.leased, ctx);
    if (!jobs) return fail(jobs.error());
    for (QueuedJob& job : *jobs) {
      if (job.state != JobState::leased) ids.insert(std::move(job.id));
    }
  }
  return ids.size();
}

Result<bool> WaitingSessions::has_room(std::size_t limit, const CallContext& ctx) {
  if (is_known_to_have_room(limit, false)) return true;
  std::unique_lock turn(asking_, std::try_to_lock);
  if (!turn.owns_lock()) {
    if (is_known_to_have_room(limit, true)) return true;
    if (!turn.try_lock_until(ctx.deadline)) return deadline_exceeded();
    if (is_known_to_have_room(limit, false)) return true;
  }
  auto waiting = ask(limit, ctx);
  if (!waiting) return fail(waiting.error());
  return *waiting < limit;
}

void WaitingSessions::count_pushed(std::size_t count) {
  const std::lock_guard lock(mutex_);
  pushed_ += count;
}

bool WaitingSessions::is_known_to_have_room(std::size_t limit, bool however_old) {
  const std::lock_guard lock(mutex_);
  if (!asked_at_ || known_ + pushed_ >= limit) return false;
  return however_old || clock_.steady_now() - *asked_at_ < kFresh;
}

// The sum is an upper bound, and enough for most.
Result<std::size_t> WaitingSessions::ask(std::size_t limit, const CallContext& ctx) {
  std::unique_lock lock(mutex_);
  const std::size_t pushed = pushed_;  // what is pushed from here on may be counted twice, never not at all
  lock.unlock();
  const auto queues = queue_.queues(ctx);
  if (!queues) return fail(queues.error());
  Result<std::size_t> waiting = sum_of(*queues);
  if (*waiting >= limit) waiting = count_waiting(queue_, *queues, ctx);
  if (!waiting) return waiting;
  lock.lock();
  known_ = *waiting;
  pushed_ -= pushed;
  asked_at_ = clock_.steady_now();
  return known_;
}

}  // namespace ottobot::session
