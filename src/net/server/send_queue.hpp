// Bytes on their way to a socket: filled by any thread, emptied by the I/O thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "net/server/stream.hpp"
#include "ottobot/error.hpp"

namespace ottobot::net {

class SendQueue {
 public:
  enum class Pushed { closed, queued, queued_needs_flush };
  enum class Flushed { empty, blocked, failed };
  static constexpr std::size_t kLowMark = 64 << 10;

  // Any thread. queued_needs_flush: nobody is flushing, so the caller has to get flush() called on the I/O thread.
  Pushed push(std::string bytes);
  std::size_t size() const;
  // Blocks while more than `limit` bytes are queued. The error is the one that close() was given.
  Result<void> wait_for_room(std::size_t limit);

  // I/O thread. Writes until everything is gone or the socket takes no more; `sent` counts the bytes.
  Flushed flush(Stream& stream, std::size_t& sent);
  // I/O thread, after flush(): true once for each time that more than kLowMark was queued and no longer is, also when
  // it came and went within one flush.
  bool take_drained();
  // Drops what is queued; from now on nothing is taken.
  void close(Error why);

 private:
  void take_pending();
  void forget_sent(std::size_t bytes);

  mutable std::mutex mutex_;  // guards pending_, size_, was_full_, flushing_, closed_
  std::condition_variable room_;
  std::vector<std::string> pending_;
  std::size_t size_ = 0;   // of everything not yet sent
  bool was_full_ = false;  // above kLowMark since the last take_drained()
  bool flushing_ = false;
  bool closed_ = false;
  Error why_;  // written before closed_

  std::vector<std::string> sending_;  // I/O thread only, as the two positions in it
  std::size_t index_ = 0;
  std::size_t offset_ = 0;
};

}  // namespace ottobot::net
