// The I/O threads: one io_context each, so that everything of one connection runs on one thread without locks.
#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "ottobot/log.hpp"

namespace ottobot::net {

struct IoLoop {
  asio::io_context context{1};
  // What a socket is read into; shared by all connections of the thread, so an idle one holds no buffer.
  std::vector<char> buffer = std::vector<char>(64 << 10);
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
