#include "stores/redis/job_waiters.hpp"

#include <algorithm>

namespace ottobot::stores {

void JobWaiters::wake(const std::string& queue) {
  const std::lock_guard lock(mutex_);
  const auto waiter = std::find_if(waiters_.begin(), waiters_.end(), [&](const Waiter& each) {
    return !each.by && std::find(each.queues.begin(), each.queues.end(), queue) != each.queues.end();
  });
  if (waiter == waiters_.end()) {
    ready_.insert(queue);
    return;
  }
  waiter->by = queue;
  waiter->woken.notify_one();
}

void JobWaiters::wake_all() {
  const std::lock_guard lock(mutex_);
  for (Waiter& waiter : waiters_) {
    if (!waiter.by) waiter.by = waiter.queues.front();
    waiter.woken.notify_one();
  }
}

std::optional<std::string> JobWaiters::wait(const std::vector<std::string>& queues, SteadyTime until,
                                            const CallContext& ctx) {
  std::unique_lock lock(mutex_);
  for (const std::string& queue : queues) {
    if (ready_.erase(queue) > 0) return queue;
  }
  const auto self = waiters_.emplace(waiters_.end(), queues);
  self->woken.wait_until(lock, ctx.stop, std::min(until, ctx.deadline), [&] { return self->by.has_value(); });
  auto by = std::move(self->by);
  waiters_.erase(self);
  return by;
}

}  // namespace ottobot::stores
