// The threads of a server: a bounded number of handlers block on them, and the I/O loops run on the rest.
//
// A handler may also start on a loop's own thread (try_begin). When it turns out to block, the loop goes to another
// thread (take_over): there is always a free one, because such a handler counts as one of the bounded number.
//
// One sleeping thread at a time is woken; when it takes a task and more wait, it wakes the next one before it runs. So
// a burst of short tasks is run by few threads without a switch for each, and a task that blocks holds up none of the
// others.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "ottobot/log.hpp"

namespace ottobot::net {

class HandlerPool {
 public:
  // One handler that runs on a loop's thread; as long as this lives, it counts.
  class Place {
   public:
    explicit Place(HandlerPool& pool) : pool_(&pool) {}
    Place(Place&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (pool_ != nullptr) pool_->end();
    }

   private:
    HandlerPool* pool_;
  };

  HandlerPool(int handlers, int loops, std::size_t backlog, Logger& logger);
  ~HandlerPool() {
    drain();
    join();
  }

  // False when `handlers` run and `backlog` tasks wait, or after drain().
  bool post(std::function<void()> task);
  // A place for a handler on the caller's thread; none when all are taken or tasks wait for one.
  std::optional<Place> try_begin();
  // Runs a loop on a thread of its own, at once.
  void take_over(std::function<void()> loop);

  // Waits for what runs or is queued, takes no more; loops go on. May be repeated.
  void drain();
  // After drain() and the end of the loops: waits for the threads. May be repeated.
  void join();

 private:
  void run();
  void end();
  bool can_start_task() const { return !tasks_.empty() && busy_ < handlers_; }
  bool take_wake_up();
  void keep_standby();
  void call(std::function<void()> task);

  const std::size_t handlers_;
  const std::size_t max_threads_;
  const std::size_t backlog_;
  Logger& logger_;
  std::mutex mutex_;  // guards all below
  std::condition_variable work_;
  std::condition_variable drained_;
  std::deque<std::function<void()>> loops_;
  std::deque<std::function<void()>> tasks_;
  std::size_t busy_ = 0;     // handlers that run
  std::size_t waiting_ = 0;  // threads that sleep
  std::size_t working_ = 0;  // threads that run a task or a loop
  bool waking_ = false;      // one was woken and has not run yet
  bool draining_ = false;
  bool joining_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace ottobot::net
