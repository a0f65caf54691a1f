// Work of open sockets: runs on the HTTP server's handler pool, now or later, and ends with its owner.
//
// A task runs exactly once unless close() comes first: when the pool is full it is tried again shortly. Thread-safe.
// One thread of its own, which only waits for the time of delayed tasks.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>

namespace ottobot::api {

class Tasks {
 public:
  // False from `post` = not now. It must outlive this object, and may run what it took later than that.
  using Post = std::function<bool(std::function<void()>)>;
  explicit Tasks(Post post);
  ~Tasks();  // as close()

  void run(std::function<void()> task);
  void run_after(std::chrono::milliseconds delay, std::function<void()> task);
  // Fires with close(): for the blocking calls that tasks make.
  std::stop_token stopping() const;
  // Afterwards no task starts; returns once none runs. Not from a task.
  void close();

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace ottobot::api
