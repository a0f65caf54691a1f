#include "redis/node.hpp"

#include <algorithm>

namespace ottobot::redis {

Result<std::shared_ptr<Connection>> Node::connection(const CallContext& ctx) {
  Lock lock(mutex_);
  while (true) {
    if (connection_ && !connection_->broken()) return connection_;
    if (auto live = ctx.check(); !live) return fail(live.error());
    if (!connecting_) break;
    connected_.wait_until(lock, ctx.stop, ctx.deadline, [this] { return !connecting_; });
  }
  if (std::chrono::steady_clock::now() < retry_at_) return fail(problem_);
  return connect(lock, ctx);
}

std::shared_ptr<Connection> Node::connection_if_any() {
  const Lock lock(mutex_);
  return connection_ && !connection_->broken() ? connection_ : nullptr;
}

Result<std::shared_ptr<Connection>> Node::connect(Lock& lock, const CallContext& ctx) {
  connecting_ = true;
  lock.unlock();
  auto made = Connection::open(address_, options_, ctx.within(options_.connect_timeout));
  lock.lock();
  connecting_ = false;
  connected_.notify_all();
  if (made) {
    connection_ = *made;
    pause_ = kFirstPause;
    return made;
  }
  if (auto live = ctx.check(); !live) return fail(live.error());  // the caller's time was up, which says nothing
  problem_ = made.error();
  if (problem_.code == ErrorCode::deadline_exceeded) problem_.code = ErrorCode::unavailable;
  retry_at_ = std::chrono::steady_clock::now() + pause_;
  pause_ = std::min(pause_ * 2, kLongestPause);
  return fail(problem_);
}

}  // namespace ottobot::redis
