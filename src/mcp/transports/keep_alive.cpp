#include "mcp/transports/keep_alive.hpp"

namespace ottobot::mcp {

KeepAlive::KeepAlive(std::chrono::milliseconds quiet, std::chrono::milliseconds interval, Clock& clock)
    : quiet_(quiet), interval_(interval), clock_(clock), thread_([this](const std::stop_token& stop) { run(stop); }) {}

KeepAlive::Registration::Registration(KeepAlive& owner, ReplyStream& reply) : owner_(owner) {
  const SteadyTime due = owner.clock_.steady_now() + owner.quiet_;
  std::lock_guard lock(owner.mutex_);
  entry_ = owner.entries_.emplace(owner.entries_.end(), &reply, due);
  owner.work_ = true;
  // Under load the thread makes its rounds anyway: most requests wake nobody.
  if (owner.idle_) owner.added_.notify_one();
}

KeepAlive::Registration::~Registration() {
  std::lock_guard lock(owner_.mutex_);
  owner_.entries_.erase(entry_);
}

void KeepAlive::run(const std::stop_token& stop) {
  CallContext ctx;
  ctx.stop = stop;
  while (wait_for_work(stop)) {
    if (!clock_.sleep_for(quiet_ / 2, ctx)) return;
    serve_due();
  }
}

bool KeepAlive::wait_for_work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  idle_ = true;
  const bool ready = added_.wait(lock, stop, [this] { return work_ || !entries_.empty(); });
  idle_ = false;
  work_ = false;
  return ready && !stop.stop_requested();
}

void KeepAlive::serve_due() {
  const SteadyTime now = clock_.steady_now();
  std::lock_guard lock(mutex_);
  for (auto& [reply, due] : entries_) {
    if (now < due) continue;
    reply->keep_alive();
    due = now + interval_;
  }
}

}  // namespace ottobot::mcp
