// A request body on its way from the I/O thread to the handler that reads it.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "ottobot/error.hpp"

namespace ottobot::net {

class BodyPipe {
 public:
  static constexpr std::size_t kHighMark = 256 << 10;  // stop reading from the socket
  static constexpr std::size_t kLowMark = 64 << 10;    // go on

  // `wanted` is called by the reader, without locks, when it starts to wait for the first bytes and when the buffer
  // fell below kLowMark after being full. Set before the reader starts.
  explicit BodyPipe(std::function<void()> wanted) : wanted_(std::move(wanted)) {}

  // I/O thread.
  bool full() const;  // over kHighMark; the reader will call `wanted`
  void push(std::string bytes);
  void finish(std::string last_bytes);  // in one step: whoever has read them all sees the body complete
  void fail(Error error);               // what the reader gets after the bytes before it

  // Reader. 0 at the end. Blocks only when `may_block`.
  Result<std::size_t> read(std::span<char> buffer, bool may_block);
  // True when all of it has arrived, read or not.
  bool complete() const;
  bool reader_waits() const;

 private:
  void append(std::string bytes);
  std::size_t take(std::span<char> buffer);

  const std::function<void()> wanted_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::string bytes_;
  std::size_t offset_ = 0;  // of what is unread in bytes_
  bool finished_ = false;
  mutable bool held_back_ = false;  // full() said yes
  bool waits_ = false;
  std::optional<Error> error_;
};

}  // namespace ottobot::net
