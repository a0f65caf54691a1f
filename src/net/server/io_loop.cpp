#include "net/server/io_loop.hpp"

#include <algorithm>

namespace ottobot::net {

namespace {

void run_loop(IoLoop& loop, Logger& logger) {
  for (;;) {
    try {
      loop.context().run();
      return;
    } catch (const std::exception& error) {
      // Observers must not throw; one that does must not take all other connections of this thread down.
      logger.error("exception on an I/O thread", {{"what", error.what()}});
    } catch (...) {
      logger.error("exception on an I/O thread", {{"what", "not a std::exception"}});
    }
  }
}

}  // namespace

void IoLoop::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  context_.restart();
  context_.poll();
}

IoThreads::IoThreads(int count, Logger& logger) {
  for (int i = 0; i < std::max(count, 1); ++i) {
    auto loop = std::make_shared<IoLoop>();
    guards_.emplace_back(loop->context().get_executor());
    threads_.emplace_back([loop, &logger] { run_loop(*loop, logger); });
    loops_.push_back(std::move(loop));
  }
}

void IoThreads::join() {
  if (threads_.empty()) return;
  guards_.clear();
  for (auto& loop : loops_) loop->context().stop();
  for (auto& thread : std::exchange(threads_, {})) thread.join();
  for (auto& loop : loops_) loop->end();
}

std::shared_ptr<IoLoop> IoThreads::next() { return loops_[next_++ % loops_.size()]; }

}  // namespace ottobot::net
