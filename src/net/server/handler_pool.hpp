// The bounded pool of threads that handlers block on.
//
// One thread at a time is woken; when it takes a task and more wait, it wakes the next one before it runs. So a burst
// of short tasks is run by few threads without a switch for each, and a task that blocks holds up none of the others.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "ottobot/log.hpp"

namespace ottobot::net {

class HandlerPool {
 public:
  HandlerPool(int threads, std::size_t backlog, Logger& logger);
  ~HandlerPool() { join(); }

  // False when all threads are busy and `backlog` tasks wait, or after join().
  bool post(std::function<void()> task);
  void join();  // runs what is queued; may be repeated

 private:
  void run();
  bool take_wake_up();

  const std::size_t backlog_;
  Logger& logger_;
  std::mutex mutex_;  // guards tasks_, idle_, waiting_, waking_, stopping_
  std::condition_variable work_;
  std::deque<std::function<void()>> tasks_;
  std::size_t idle_ = 0;     // threads without a task
  std::size_t waiting_ = 0;  // those of them that sleep
  bool waking_ = false;      // one was woken and has not run yet
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace ottobot::net
