#include "session/job_bell.hpp"

#include <utility>

namespace ottobot::session {

JobBell::JobBell(Push push) : push_(std::move(push)), thread_([this] { run(); }) {}

JobBell::~JobBell() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  rung_.notify_one();
  thread_.join();
}

void JobBell::ring(SessionRow session) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMost) return;
    waiting_.push_back(std::move(session));
    if (waiting_.size() > 1) return;  // it has been rung
  }
  rung_.notify_one();
}

void JobBell::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    rung_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const auto sessions = std::exchange(waiting_, {});
    lock.unlock();
    push_(sessions);
    lock.lock();
  }
}

}  // namespace ottobot::session
