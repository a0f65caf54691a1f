// Keeps the streams of long requests alive: one thread, awake only while requests come and run. Thread-safe.
#pragma once

#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "mcp/transports/reply_stream.hpp"
#include "ottobot/clock.hpp"

namespace ottobot::mcp {

class KeepAlive {
 public:
  // `clock` is borrowed. A reply is first kept alive `quiet` after it was added, give or take half of that.
  KeepAlive(std::chrono::milliseconds quiet, std::chrono::milliseconds interval, Clock& clock);

  // Watches `reply` (borrowed) until the registration ends.
  class Registration {
   public:
    Registration(KeepAlive& owner, ReplyStream& reply);
    ~Registration();
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;

   private:
    KeepAlive& owner_;
    std::list<std::pair<ReplyStream*, SteadyTime>>::iterator entry_;
  };

 private:
  void run(const std::stop_token& stop);
  bool wait_for_work(const std::stop_token& stop);
  void serve_due();

  const std::chrono::milliseconds quiet_;
  const std::chrono::milliseconds interval_;
  Clock& clock_;
  std::mutex mutex_;  // guards entries_ (with when they are due), work_ and idle_
  std::condition_variable_any added_;
  std::list<std::pair<ReplyStream*, SteadyTime>> entries_;
  bool work_ = false;  // something was added since the last round
  bool idle_ = true;   // the thread waits for added_
  std::jthread thread_;
};

}  // namespace ottobot::mcp
