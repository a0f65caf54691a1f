// QueueSweep: empties and forgets the queues of workers that are gone for good.
//
// A worker that ends moves its queue itself, and one that dies has it moved by who sees that. What is pushed there
// later, by somebody who has not heard of it yet, is found here, and the queue's name goes. One thread at a time.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "ottobot/clock.hpp"
#include "ottobot/log.hpp"
#include "ottobot/queue.hpp"

namespace ottobot::worker {

class QueueSweep {
 public:
  // `push`: the session's job goes to where it belongs now. All is borrowed.
  QueueSweep(Queue& queue, Clock& clock, Logger& logger,
             std::function<void(const std::string& session_id, const CallContext& ctx)> push)
      : queue_(queue), clock_(clock), logger_(logger), push_(std::move(push)) {}

  // Looks at all queues once. What could not be done is done by the next.
  void run(const CallContext& ctx);

  // Of a queue without its worker. Longer than anybody pushes by what they have heard of the workers before.
  static constexpr std::chrono::seconds kPatience{5};

 private:
  void clear(const std::string& queue, const CallContext& ctx);

  Queue& queue_;
  Clock& clock_;
  Logger& logger_;
  const std::function<void(const std::string& session_id, const CallContext& ctx)> push_;
  std::map<std::string, SteadyTime> ownerless_;  // queues, by when they were first seen without their worker
};

}  // namespace ottobot::worker
