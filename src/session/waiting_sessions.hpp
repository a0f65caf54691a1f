// How many sessions wait to be run. A session that has moved stands in the queues of several workers and counts once.
//
// Asked for by every request that makes a session: the queue is asked twice a second and before anybody is refused; in
// between, what this process has pushed is added. So other processes may go past a limit by what they push in half a
// second. Thread-safe.
#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "ottobot/clock.hpp"
#include "ottobot/queue.hpp"

namespace ottobot::session {

// In all of these queues. Errors: those of the queue.
Result<std::size_t> count_waiting(Queue& queue, const std::vector<QueueOverview>& queues, const CallContext& ctx);

class WaitingSessions {
 public:
  // Borrowed.
  WaitingSessions(Queue& queue, Clock& clock) : queue_(queue), clock_(clock) {}

  // Whether fewer than `limit` wait. Errors: those of the queue.
  Result<bool> has_room(std::size_t limit, const CallContext& ctx);
  // So many more were pushed.
  void count_pushed(std::size_t count);

 private:
  bool is_known_to_have_room(std::size_t limit, bool however_old);
  Result<std::size_t> ask(std::size_t limit, const CallContext& ctx);

  Queue& queue_;
  Clock& clock_;
  std::timed_mutex asking_;  // held by the one who asks
  std::mutex mutex_;         // guards the members below
  std::size_t known_ = 0, pushed_ = 0;
  std::optional<SteadyTime> asked_at_;
};

}  // namespace ottobot::session
