// The bounded pool of threads that handlers block on.
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

  const std::size_t backlog_;
  Logger& logger_;
  std::mutex mutex_;  // guards tasks_, idle_, stopping_
  std::condition_variable work_;
  std::deque<std::function<void()>> tasks_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace ottobot::net
