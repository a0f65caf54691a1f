#include "mcp/transports/keep_alive.hpp"

#include <vector>

namespace ottobot::mcp {

KeepAlive::KeepAlive(const Times& times, Clock& clock)
    : times_(times), clock_(clock), thread_([this](const std::stop_token& stop) { run(stop); }) {}

KeepAlive::Registration::Registration(KeepAlive& owner, ReplyStream& reply, std::stop_token gone) : owner_(owner) {
  const SteadyTime due = owner.clock_.steady_now() + owner.times_.quiet;
  std::lock_guard lock(owner.mutex_);
  entry_ = owner.entries_.insert(owner.entries_.end(), {&reply, due, std::move(gone), std::nullopt, abandoned_});
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
    if (!clock_.sleep_for(times_.quiet / 2, ctx)) return;
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
  std::vector<std::stop_source> abandoned;
  {
    std::lock_guard lock(mutex_);
    for (Entry& entry : entries_) {
      if (entry.gone.stop_requested()) {
        if (!entry.gone_since) entry.gone_since = now;
        if (now - *entry.gone_since >= times_.departed) abandoned.push_back(entry.abandoned);
      } else if (now >= entry.due) {
        entry.reply->keep_alive();
        entry.due = now + times_.interval;
      }
    }
  }
  for (auto& source : abandoned) source.request_stop();  // outside the lock: it runs callbacks of tools
}

}  // namespace ottobot::mcp
