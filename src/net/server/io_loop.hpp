// The I/O threads: one io_context each, so that everything of one connection runs on one thread without locks.
#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "ottobot/log.hpp"

namespace ottobot::net {

class IoLoop {
 public:
  asio::io_context& context() { return context_; }
  // What a socket is read into; shared by all connections of the thread, so an idle one holds no buffer.
  std::vector<char>& buffer() { return buffer_; }

  // Any thread. Runs `function` on the loop's thread; drops it once the loop has ended, because a queued function that
  // owns a connection, which owns the loop, would keep all of them for ever.
  template <class Function>
  void post(Function function) {
    const std::lock_guard lock(mutex_);
    if (!ended_) asio::post(context_, std::move(function));
  }
  // The same, at once when called on the loop's thread.
  template <class Function>
  void dispatch(Function function) {
    if (context_.get_executor().running_in_this_thread()) return function();
    post(std::move(function));
  }
  // After the thread was joined: runs what is queued and takes no more.
  void end();

 private:
  asio::io_context context_{1};
  std::vector<char> buffer_ = std::vector<char>(64 << 10);
  std::mutex mutex_;  // guards ended_, against a post in between
  bool ended_ = false;
};

class IoThreads {
 public:
  IoThreads(int count, Logger& logger);
  ~IoThreads() { join(); }

  void join();  // stops; may be repeated

  // One of the loops, in turn. Connections share ownership: a loop is freed with the last of them.
  std::shared_ptr<IoLoop> next();

 private:
  using WorkGuard = asio::executor_work_guard<asio::io_context::executor_type>;

  std::vector<std::shared_ptr<IoLoop>> loops_;
  std::vector<WorkGuard> guards_;
  std::vector<std::thread> threads_;
  std::atomic<std::size_t> next_{0};
};

}  // namespace ottobot::net
