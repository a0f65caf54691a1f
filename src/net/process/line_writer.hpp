// Lines to a descriptor, from many threads: whole lines that never mix, written by a thread of its own, so that no
// caller waits for a peer that does not read.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "ottobot/call_context.hpp"

namespace ottobot::net {

// Thread-safe.
class LineWriter {
 public:
  // `fd` is borrowed until the writer is destroyed and may be in blocking mode.
  LineWriter(int fd, std::size_t max_queued_bytes);
  ~LineWriter() { stop(); }
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  // Queues `line` (without end of line) to be written. False when the peer is gone, or so much is queued already.
  bool send(std::string line);
  std::size_t queued_bytes() const;
  // Waits until everything is written. Errors: unavailable (the peer is gone), cancelled, deadline_exceeded.
  Result<void> flush(const CallContext& ctx);
  // Drops what is still queued and writes no more: the descriptor may be closed then. Not from two threads at once.
  void stop();
  // Fires when the peer is gone.
  std::stop_token broken() const { return broken_.get_token(); }

 private:
  void run(const std::stop_token& stop);
  bool write_all(std::string_view bytes, const std::stop_token& stop);

  const int fd_;
  const std::size_t max_queued_bytes_;
  std::stop_source broken_;
  mutable std::mutex mutex_;  // guards lines_, queued_ and stopped_
  std::condition_variable_any changed_;
  std::deque<std::string> lines_;
  std::size_t queued_ = 0;  // bytes, the line that is being written included
  bool stopped_ = false;
  std::jthread thread_;
};

}  // namespace ottobot::net
