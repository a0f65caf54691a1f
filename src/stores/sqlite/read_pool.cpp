#include "stores/sqlite/read_pool.hpp"

namespace ottobot::stores {

Result<std::unique_ptr<Connection>> ReadPool::take(const CallContext& ctx) {
  if (auto running = ctx.check(); !running) return fail(running.error());
  std::unique_lock lock(mutex_);
  const bool ready =
      freed_.wait_until(lock, ctx.stop, ctx.deadline, [&] { return !free_.empty() || opened_ < kConnections; });
  if (!ready) return ctx.stop.stop_requested() ? cancelled() : deadline_exceeded();
  if (free_.empty()) {
    ++opened_;
    lock.unlock();
    return open();
  }
  auto connection = std::move(free_.back());
  free_.pop_back();
  return connection;
}

Result<std::unique_ptr<Connection>> ReadPool::open() {
  try {
    return std::make_unique<Connection>(file_, Connection::Mode::read_only);
  } catch (...) {
    {
      std::lock_guard lock(mutex_);
      --opened_;
    }
    freed_.notify_one();
    return fail(current_database_error());
  }
}

void ReadPool::give_back(std::unique_ptr<Connection> connection) {
  {
    std::lock_guard lock(mutex_);
    free_.push_back(std::move(connection));
  }
  freed_.notify_one();
}

}  // namespace ottobot::stores
