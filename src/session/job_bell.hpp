// Has the jobs of sessions pushed by a thread of its own, all that have come meanwhile at once: a request that gives a
// session work does not wait for the queue. A job that is lost costs a moment: what is acknowledged is in the store, and
// the reconciler pushes it. Thread-safe.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "ottobot/session_store.hpp"

namespace ottobot::session {

class JobBell {
 public:
  using Push = std::function<void(const std::vector<SessionRow>& sessions)>;

  // `push` is called by one thread.
  explicit JobBell(Push push);
  // What came is pushed before.
  ~JobBell();
  JobBell(const JobBell&) = delete;
  JobBell& operator=(const JobBell&) = delete;

  // Does not block. What is beyond kMost is left to the reconciler.
  void ring(SessionRow session);

  static constexpr std::size_t kMost = 10'000;

 private:
  void run();

  const Push push_;
  std::mutex mutex_;  // guards the two
  std::vector<SessionRow> waiting_;
  bool ending_ = false;
  std::condition_variable rung_;
  std::thread thread_;
};

}  // namespace ottobot::session
