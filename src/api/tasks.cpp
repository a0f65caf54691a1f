#include "api/tasks.hpp"

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace ottobot::api {
namespace {

using Task = std::function<void()>;
using Time = std::chrono::steady_clock::time_point;
constexpr std::chrono::milliseconds kPoolFullDelay{20};

}  // namespace

// Shared with the tasks in the pool, which may outlive Tasks: they find it closed.
class Tasks::State : public std::enable_shared_from_this<State> {
 public:
  explicit State(Post post) : post_(std::move(post)) {}

  void start() {
    timer_ = std::thread([this] { run_timer(); });
  }

  void run(Task task) {
    auto shared = std::make_shared<Task>(std::move(task));
    {
      std::lock_guard lock(mutex_);
      if (closed_) return;
    }
    const bool taken = post_([state = shared_from_this(), shared] {
      if (!state->enter()) return;
      (*shared)();
      *shared = nullptr;  // what it holds is released before close() returns
      state->leave();
    });
    if (!taken) run_after(kPoolFullDelay, [shared] { (*shared)(); });
  }

  void run_after(std::chrono::milliseconds delay, Task task) {
    {
      std::lock_guard lock(mutex_);
      if (closed_) return;
      delayed_.emplace(std::chrono::steady_clock::now() + delay, std::move(task));
    }
    changed_.notify_all();
  }

  std::stop_token stopping() const { return stop_.get_token(); }

  void close() {
    stop_.request_stop();
    std::multimap<Time, Task> dropped;
    {
      std::unique_lock lock(mutex_);
      closed_ = true;
      dropped.swap(delayed_);
      changed_.notify_all();
      idle_.wait(lock, [this] { return running_ == 0; });
    }
    if (timer_.joinable()) timer_.join();
  }

 private:
  bool enter() {
    std::lock_guard lock(mutex_);
    if (closed_) return false;
    ++running_;
    return true;
  }

  void leave() {
    std::lock_guard lock(mutex_);
    if (--running_ == 0 && closed_) idle_.notify_all();
  }

  void run_timer() {
    std::unique_lock lock(mutex_);
    while (!closed_) {
      if (delayed_.empty()) {
        changed_.wait(lock);
      } else if (const Time due = delayed_.begin()->first; due > std::chrono::steady_clock::now()) {
        changed_.wait_until(lock, due);
      } else {
        auto next = delayed_.extract(delayed_.begin());
        lock.unlock();
        run(std::move(next.mapped()));
        lock.lock();
      }
    }
  }

  Post post_;
  std::stop_source stop_;
  std::thread timer_;
  std::mutex mutex_;                 // guards everything below
  std::condition_variable changed_;  // for the timer
  std::condition_variable idle_;     // for close()
  std::multimap<Time, Task> delayed_;
  bool closed_ = false;
  int running_ = 0;
};

Tasks::Tasks(Post post) : state_(std::make_shared<State>(std::move(post))) { state_->start(); }
Tasks::~Tasks() { close(); }
void Tasks::run(std::function<void()> task) { state_->run(std::move(task)); }
void Tasks::run_after(std::chrono::milliseconds delay, std::function<void()> task) {
  state_->run_after(delay, std::move(task));
}
std::stop_token Tasks::stopping() const { return state_->stopping(); }
void Tasks::close() { state_->close(); }

}  // namespace ottobot::api
