// Looks after long requests: keeps their streams alive, and cancels those whose clients went away long ago. One thread,
// awake only while requests come and run. Thread-safe.
#pragma once

#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "mcp/transports/reply_stream.hpp"
#include "ottobot/clock.hpp"

namespace ottobot::mcp {

class KeepAlive {
  struct Entry {
    ReplyStream* reply;
    SteadyTime due;
    std::stop_token gone;
    std::optional<SteadyTime> gone_since;
    std::stop_source abandoned;
  };

 public:
  struct Times {
    std::chrono::milliseconds quiet;     // a reply is first kept alive so long after it was added, give or take half
    std::chrono::milliseconds interval;  // and then so often
    std::chrono::milliseconds departed;  // a request whose client went away may go on for so long
  };
  // `clock` is borrowed.
  KeepAlive(const Times& times, Clock& clock);

  // Watches `reply` (borrowed) until the registration ends; `gone` fires when its client goes away.
  class Registration {
   public:
    Registration(KeepAlive& owner, ReplyStream& reply, std::stop_token gone);
    ~Registration();
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;

    // Fires when the client has been away for too long.
    std::stop_token abandoned() const { return abandoned_.get_token(); }

   private:
    KeepAlive& owner_;
    std::stop_source abandoned_;
    std::list<Entry>::iterator entry_;
  };

 private:
  void run(const std::stop_token& stop);
  bool wait_for_work(const std::stop_token& stop);
  void serve_due();

  const Times times_;
  Clock& clock_;
  std::mutex mutex_;  // guards entries_, work_ and idle_
  std::condition_variable_any added_;
  std::list<Entry> entries_;
  bool work_ = false;  // something was added since the last round
  bool idle_ = true;   // the thread waits for added_
  std::jthread thread_;
};

}  // namespace ottobot::mcp
