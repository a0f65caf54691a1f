#include "net/server/handler_pool.hpp"

#include <algorithm>

namespace ottobot::net {

HandlerPool::HandlerPool(int threads, std::size_t backlog, Logger& logger) : backlog_(backlog), logger_(logger) {
  const int count = std::max(threads, 1);
  idle_ = static_cast<std::size_t>(count);
  for (int i = 0; i < count; ++i) threads_.emplace_back([this] { run(); });
}

void HandlerPool::join() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  for (auto& thread : std::exchange(threads_, {})) thread.join();
}

// Whether the caller is to wake a thread, once it has let go of mutex_.
bool HandlerPool::take_wake_up() {
  if (tasks_.empty() || waking_ || waiting_ == 0) return false;
  waking_ = true;
  return true;
}

bool HandlerPool::post(std::function<void()> task) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || tasks_.size() >= backlog_ + idle_) return false;
    tasks_.push_back(std::move(task));
    wake = take_wake_up();
  }
  if (wake) work_.notify_one();
  return true;
}

void HandlerPool::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    while (!stopping_ && tasks_.empty()) {
      ++waiting_;
      work_.wait(lock);
      --waiting_;
      waking_ = false;
    }
    if (tasks_.empty()) return;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    --idle_;
    const bool wake = take_wake_up();
    lock.unlock();
    if (wake) work_.notify_one();
    try {
      task();
    } catch (const std::exception& error) {
      logger_.error("exception in a pool task", {{"what", error.what()}});
    } catch (...) {
      logger_.error("exception in a pool task", {{"what", "not a std::exception"}});
    }
    task = nullptr;  // what it owns goes before the thread counts as idle
    lock.lock();
    ++idle_;
  }
}

}  // namespace ottobot::net
