#include "net/server/handler_pool.hpp"

#include <algorithm>
#include <utility>

namespace ottobot::net {

namespace {

// Threads that are there ahead of need.
constexpr std::size_t kStandby = 3;

}  // namespace

HandlerPool::HandlerPool(int handlers, int loops, std::size_t backlog, Logger& logger)
    : handlers_(static_cast<std::size_t>(std::max(handlers, 1))),
      max_threads_(handlers_ + static_cast<std::size_t>(std::max(loops, 1))),
      backlog_(backlog),
      logger_(logger) {
  const std::size_t first = std::min(max_threads_, max_threads_ - handlers_ + kStandby);
  try {
    for (std::size_t i = 0; i < first; ++i) threads_.emplace_back([this] { run(); });
  } catch (...) {
    join();  // those that run: a thread that is dropped ends the program
    throw;
  }
}

void HandlerPool::drain() {
  std::unique_lock lock(mutex_);
  draining_ = true;
  drained_.wait(lock, [&] { return busy_ == 0 && tasks_.empty(); });
}

void HandlerPool::join() {
  {
    const std::lock_guard lock(mutex_);
    joining_ = true;
  }
  work_.notify_all();
  for (auto& thread : std::exchange(threads_, {})) thread.join();
}

// Whether the caller is to wake a thread, once it has let go of mutex_.
bool HandlerPool::take_wake_up() {
  if ((loops_.empty() && !can_start_task()) || waking_ || waiting_ == 0) return false;
  waking_ = true;
  return true;
}

bool HandlerPool::post(std::function<void()> task) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (draining_ || tasks_.size() >= backlog_ + (handlers_ - busy_)) return false;
    tasks_.push_back(std::move(task));
    wake = take_wake_up();
  }
  if (wake) work_.notify_one();
  return true;
}

std::optional<HandlerPool::Place> HandlerPool::try_begin() {
  const std::lock_guard lock(mutex_);
  if (draining_ || !tasks_.empty() || busy_ >= handlers_) return std::nullopt;
  ++busy_;
  return std::optional<Place>(std::in_place, *this);
}

void HandlerPool::end() {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    --busy_;
    wake = take_wake_up();
    if (draining_ && busy_ == 0 && tasks_.empty()) drained_.notify_all();
  }
  if (wake) work_.notify_one();
}

void HandlerPool::take_over(std::function<void()> loop) {
  {
    const std::lock_guard lock(mutex_);
    loops_.push_back(std::move(loop));
  }
  work_.notify_one();
}

// Called by a thread that begins to work. A system that has no thread left holds nothing up yet.
void HandlerPool::keep_standby() {
  if (joining_ || threads_.size() >= max_threads_ || threads_.size() - working_ >= kStandby) return;
  try {
    threads_.emplace_back([this] { run(); });
  } catch (const std::system_error& error) {
    logger_.warn("no thread for the server's pool", {{"threads", threads_.size()}, {"what", error.what()}});
  }
}

void HandlerPool::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    while (!joining_ && loops_.empty() && !can_start_task()) {
      ++waiting_;
      work_.wait(lock);
      --waiting_;
      waking_ = false;
    }
    if (loops_.empty() && !can_start_task()) return;
    ++working_;
    keep_standby();
    if (!loops_.empty()) {
      auto loop = std::move(loops_.front());
      loops_.pop_front();
      lock.unlock();
      call(std::move(loop));
    } else {
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      const Place place(*this);
      ++busy_;
      const bool wake = take_wake_up();
      lock.unlock();
      if (wake) work_.notify_one();
      call(std::move(task));
    }
    lock.lock();
    --working_;
  }
}

// What the task owns goes before its thread counts as idle.
void HandlerPool::call(std::function<void()> task) {
  try {
    task();
  } catch (const std::exception& error) {
    logger_.error("exception in a pool task", {{"what", error.what()}});
  } catch (...) {
    logger_.error("exception in a pool task", {{"what", "not a std::exception"}});
  }
}

}  // namespace ottobot::net
