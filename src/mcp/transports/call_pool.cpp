#include "mcp/transports/call_pool.hpp"

#include <system_error>

namespace ottobot::mcp {

CallPool::~CallPool() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool CallPool::post(std::function<void()> task) {
  std::lock_guard lock(mutex_);
  if (waiting_.size() >= max_waiting_) return false;
  waiting_.push_back(std::move(task));
  try {
    if (waiting_.size() > idle_ && threads_.size() < max_running_) threads_.emplace_back([this] { run(); });
  } catch (const std::system_error&) {
    // The system has no thread left: the others get to it, if there are any.
    if (threads_.empty()) {
      waiting_.pop_back();
      return false;
    }
  }
  changed_.notify_all();
  return true;
}

bool CallPool::wait_idle(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline, [this] { return waiting_.empty() && idle_ == threads_.size(); });
}

void CallPool::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    --idle_;
    if (waiting_.empty()) return;
    const auto task = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

}  // namespace ottobot::mcp
