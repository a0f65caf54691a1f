#include "net/server/io_loop.hpp"

#include <algorithm>
#include <utility>

namespace ottobot::net {
namespace {

constexpr std::chrono::milliseconds kTick{1};  // a handler that is seen at two ticks loses the loop
constexpr int kIdleTicks = 50;                 // without a handler, before the watch goes to sleep

}  // namespace

thread_local const IoLoop* IoLoop::current_ = nullptr;

void LoopWatch::wake() {
  if (awake_.exchange(true)) return;
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_one();
}

bool LoopWatch::wait(bool idle) {
  if (!idle) std::this_thread::sleep_for(kTick);  // not on the condition: this is paid a thousand times a second
  std::unique_lock lock(mutex_);
  if (idle) changed_.wait(lock, [&] { return woken_ || stopping_; });
  woken_ = false;
  return !stopping_;
}

void LoopWatch::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
}

// False when there was nothing to do.
template <class Step>
bool IoLoop::guarded(Logger& logger, const Step& step) {
  try {
    return step() != 0;
  } catch (const std::exception& error) {
    // Observers must not throw; one that does must not take all other connections of this loop down.
    logger.error("exception on an I/O thread", {{"what", error.what()}});
  } catch (...) {
    logger.error("exception on an I/O thread", {{"what", "not a std::exception"}});
  }
  return true;
}

void IoLoop::run(Logger& logger) {
  current_ = this;
  while (current_ == this && guarded(logger, [this] { return context_.run_one(); })) {
  }
  current_ = nullptr;
}

std::uint64_t IoLoop::begin_turn() {
  current_ = nullptr;
  const std::uint64_t turn = ++turn_;
  watch_.wake();
  return turn;
}

void IoLoop::end_turn(std::uint64_t turn) {
  if (take_away(turn)) current_ = this;
}

void IoLoop::end(Logger& logger) {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  // The caller may be on the loop of another server.
  const IoLoop* const before = std::exchange(current_, this);
  context_.restart();
  while (guarded(logger, [this] { return context_.poll(); })) {
  }
  current_ = before;
}

IoThreads::IoThreads(int count, HandlerPool& pool, Logger& logger) : pool_(pool), logger_(logger) {
  for (int i = 0; i < std::max(count, 1); ++i) {
    auto loop = std::make_shared<IoLoop>(*watch_);
    guards_.emplace_back(loop->context().get_executor());
    loops_.push_back(loop);
    start(loop);
  }
  watcher_ = std::thread([this] { watch_loops(); });
}

void IoThreads::start(const std::shared_ptr<IoLoop>& loop) {
  pool_.take_over([loop, &logger = logger_] { loop->run(logger); });
}

void IoThreads::watch_loops() {
  std::vector<std::uint64_t> seen(loops_.size(), 0);
  int idle_ticks = 0;
  bool awake = true;
  while (watch_->wait(!awake)) {
    // Whoever woke the watch wakes it no more until it says that it goes to sleep: it must come there again.
    if (!awake) idle_ticks = 0;
    bool any = false;
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      const std::uint64_t turn = loops_[i]->turn();
      any = any || turn != seen[i] || turn % 2 == 1;
      if (turn % 2 == 1 && turn == seen[i] && loops_[i]->take_away(turn)) start(loops_[i]);
      seen[i] = turn;
    }
    idle_ticks = any ? 0 : idle_ticks + 1;
    awake = any || idle_ticks < kIdleTicks;
    // Whoever starts from here on wakes the watch; one more look finds those that started before.
    if (idle_ticks == kIdleTicks - 1) watch_->about_to_sleep();
  }
}

void IoThreads::stop() {
  watch_->stop();
  if (watcher_.joinable()) watcher_.join();
  guards_.clear();
  for (auto& loop : loops_) loop->context().stop();
}

void IoThreads::end() {
  for (auto& loop : loops_) loop->end(logger_);
}

std::shared_ptr<IoLoop> IoThreads::next() { return loops_[next_++ % loops_.size()]; }

}  // namespace ottobot::net
