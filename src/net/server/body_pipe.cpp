#include "net/server/body_pipe.hpp"

#include <algorithm>

namespace ottobot::net {

bool BodyPipe::full() const {
  const std::lock_guard lock(mutex_);
  held_back_ = bytes_.size() - offset_ > kHighMark;
  return held_back_;
}

void BodyPipe::append(std::string bytes) {
  if (offset_ == bytes_.size()) {
    bytes_ = std::move(bytes);
    offset_ = 0;
  } else {
    bytes_.erase(0, std::exchange(offset_, 0));
    bytes_ += bytes;
  }
}

void BodyPipe::push(std::string bytes) {
  {
    const std::lock_guard lock(mutex_);
    append(std::move(bytes));
  }
  changed_.notify_all();
}

void BodyPipe::finish(std::string last_bytes) {
  {
    const std::lock_guard lock(mutex_);
    append(std::move(last_bytes));
    finished_ = true;
  }
  changed_.notify_all();
}

void BodyPipe::fail(Error error) {
  {
    const std::lock_guard lock(mutex_);
    if (finished_ || error_) return;
    error_ = std::move(error);
  }
  changed_.notify_all();
}

std::size_t BodyPipe::take(std::span<char> buffer) {
  const std::size_t count = std::min(buffer.size(), bytes_.size() - offset_);
  std::copy_n(bytes_.data() + offset_, count, buffer.data());
  offset_ += count;
  if (offset_ == bytes_.size()) {
    bytes_ = {};
    offset_ = 0;
  }
  return count;
}

Result<std::size_t> BodyPipe::read(std::span<char> buffer, bool may_block) {
  if (buffer.empty()) return std::size_t{0};
  std::unique_lock lock(mutex_);
  const auto ready = [&] { return offset_ < bytes_.size() || finished_ || error_; };
  if (!ready()) {
    if (!may_block) return internal_error("an inline handler cannot wait for the request body");
    waits_ = true;
    lock.unlock();
    wanted_();
    lock.lock();
    changed_.wait(lock, ready);
    waits_ = false;
  }
  const std::size_t count = take(buffer);
  if (count == 0 && error_) return ottobot::fail(*error_);
  const bool resume = held_back_ && bytes_.size() - offset_ < kLowMark;
  if (resume) held_back_ = false;
  lock.unlock();
  if (resume) wanted_();
  return count;
}

bool BodyPipe::complete() const {
  const std::lock_guard lock(mutex_);
  return finished_;
}

bool BodyPipe::reader_waits() const {
  const std::lock_guard lock(mutex_);
  return waits_;
}

}  // namespace ottobot::net
