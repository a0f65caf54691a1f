// Threads for calls that run side by side: started as they are needed, up to a bound. Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace ottobot::mcp {

class CallPool {
 public:
  CallPool(std::size_t max_running, std::size_t max_waiting) : max_running_(max_running), max_waiting_(max_waiting) {}
  // Waits for everything that was posted.
  ~CallPool();
  CallPool(const CallPool&) = delete;
  CallPool& operator=(const CallPool&) = delete;

  // False when too much waits already, or no thread can be had.
  bool post(std::function<void()> task);
  // False when something still ran at the deadline.
  bool wait_idle(std::chrono::steady_clock::time_point deadline);

 private:
  void run();

  const std::size_t max_running_, max_waiting_;
  std::mutex mutex_;  // guards the rest
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  std::size_t idle_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace ottobot::mcp
