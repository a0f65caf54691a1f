// Those in this process who wait for a job: a word that a queue has one wakes one of them, not all. Thread-safe.
#pragma once

#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ottobot/call_context.hpp"

namespace ottobot::stores {

class JobWaiters {
 public:
  // `queue` may have a job: whoever waits for it looks, or the next who would.
  void wake(const std::string& queue);
  // Every waiter looks.
  void wake_all();
  // Until one of `queues` may have a job, `until`, or ctx ends. Which one it is: who then does not look there, or takes
  // a job of another, passes it on to wake().
  std::optional<std::string> wait(const std::vector<std::string>& queues, SteadyTime until, const CallContext& ctx);

 private:
  struct Waiter {
    explicit Waiter(const std::vector<std::string>& wanted) : queues(wanted) {}

    const std::vector<std::string>& queues;
    std::condition_variable_any woken;
    std::optional<std::string> by;  // the queue that woke it
  };

  std::mutex mutex_;  // guards the rest
  std::list<Waiter> waiters_;  // longest first
  std::set<std::string> ready_;  // queues of which nobody who waited was told
};

}  // namespace ottobot::stores
