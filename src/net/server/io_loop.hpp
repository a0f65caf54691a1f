// The I/O loops: one io_context each, run by one thread at a time, so that everything of one connection needs no locks.
//
// A handler that is mostly quick starts on the loop's own thread (lend), which saves two switches of threads. If it
// takes longer than a moment, the watch takes the loop away from it: another thread goes on with the loop, and the
// handler's thread has only the handler left. During a handler, its thread counts as any other thread, whether the loop
// is still its own or not.
#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "net/server/handler_pool.hpp"
#include "ottobot/log.hpp"

namespace ottobot::net {

// Sleeps while no handler runs on a loop.
class LoopWatch {
 public:
  // A handler has started on a loop.
  void wake();
  // Blocks for one tick, or until wake() when `idle`. False once stop() was called.
  bool wait(bool idle);
  void stop();
  // wait(true) may be slept through only if nothing started since this call.
  void about_to_sleep() { awake_ = false; }

 private:
  std::atomic<bool> awake_{false};
  std::mutex mutex_;  // guards woken_, stopping_
  std::condition_variable changed_;
  bool woken_ = false;
  bool stopping_ = false;
};

class IoLoop {
 public:
  explicit IoLoop(LoopWatch& watch) : watch_(watch) {}

  asio::io_context& context() { return context_; }
  // What a socket is read into; shared by all connections of the loop, so an idle one holds no buffer.
  std::vector<char>& buffer() { return buffer_; }

  // Any thread. Runs `function` on the loop; drops it once the loop has ended, because a queued function that owns a
  // connection, which owns the loop, would keep all of them for ever.
  template <class Function>
  void post(Function function) {
    const std::lock_guard lock(mutex_);
    if (!ended_) asio::post(context_, std::move(function));
  }
  // The same, at once when called on the loop.
  template <class Function>
  void dispatch(Function function) {
    if (current_ == this) return function();
    post(std::move(function));
  }
  // On the loop, as the last thing that a posted function does: runs `handler`, which may block.
  template <class Function>
  void lend(Function handler) {
    const std::uint64_t turn = begin_turn();
    handler();
    end_turn(turn);
  }

  // Is the loop, until its context is stopped or taken away.
  void run(Logger& logger);
  // Odd while a handler runs, another number for each.
  std::uint64_t turn() const { return turn_; }
  // Takes the loop away from the thread of that turn; false when the handler has just returned.
  bool take_away(std::uint64_t turn) { return turn_.compare_exchange_strong(turn, turn + 1); }
  // After the last run(): runs what is queued and takes no more.
  void end(Logger& logger);

 private:
  template <class Step>
  bool guarded(Logger& logger, const Step& step);
  std::uint64_t begin_turn();
  void end_turn(std::uint64_t turn);

  static thread_local const IoLoop* current_;  // what this thread runs, and is not in a handler of

  LoopWatch& watch_;
  asio::io_context context_;
  std::vector<char> buffer_ = std::vector<char>(64 << 10);
  std::atomic<std::uint64_t> turn_{0};
  std::mutex mutex_;  // guards ended_, against a post in between
  bool ended_ = false;
};

class IoThreads {
 public:
  // Runs `count` loops on threads of `pool`, which must have as many to spare, and outlive this.
  IoThreads(int count, HandlerPool& pool, Logger& logger);
  ~IoThreads() { stop(); }

  // Once no handler runs any more. May be repeated.
  void stop();
  // After the pool's threads were joined.
  void end();

  // One of the loops, in turn. Connections share ownership: a loop is freed with the last of them.
  std::shared_ptr<IoLoop> next();

 private:
  using WorkGuard = asio::executor_work_guard<asio::io_context::executor_type>;

  void start(const std::shared_ptr<IoLoop>& loop);
  void watch_loops();

  HandlerPool& pool_;
  Logger& logger_;
  const std::shared_ptr<LoopWatch> watch_ = std::make_shared<LoopWatch>();
  std::vector<std::shared_ptr<IoLoop>> loops_;
  std::vector<WorkGuard> guards_;
  std::thread watcher_;
  std::atomic<std::size_t> next_{0};
};

}  // namespace ottobot::net
