#include "net/server/send_queue.hpp"

#include <array>

namespace ottobot::net {

namespace {
constexpr std::size_t kCoalesceBelow = 4 << 10;
constexpr std::size_t kMaxPieces = 16;
}  // namespace

SendQueue::Pushed SendQueue::push(std::string bytes) {
  const std::lock_guard lock(mutex_);
  if (closed_) return Pushed::closed;
  if (bytes.empty()) return Pushed::queued;
  size_ += bytes.size();
  was_full_ = was_full_ || size_ > kLowMark;
  if (!pending_.empty() && pending_.back().size() + bytes.size() <= kCoalesceBelow) {
    pending_.back() += bytes;
  } else {
    pending_.push_back(std::move(bytes));
  }
  if (flushing_) return Pushed::queued;
  flushing_ = true;
  return Pushed::queued_needs_flush;
}

std::size_t SendQueue::size() const {
  const std::lock_guard lock(mutex_);
  return size_;
}

Result<void> SendQueue::wait_for_room(std::size_t limit) {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [&] { return closed_ || size_ <= limit; });
  if (closed_) return fail(why_);
  return {};
}

void SendQueue::take_pending() {
  if (index_ < sending_.size()) return;
  sending_.clear();
  index_ = 0;
  offset_ = 0;
  const std::lock_guard lock(mutex_);
  sending_.swap(pending_);
  if (sending_.empty()) {
    flushing_ = false;
    // An idle connection keeps no buffers.
    sending_ = {};
    pending_ = {};
  }
}

void SendQueue::forget_sent(std::size_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    size_ -= bytes;
  }
  room_.notify_all();
  while (bytes > 0) {
    const std::size_t left = sending_[index_].size() - offset_;
    if (bytes < left) {
      offset_ += bytes;
      return;
    }
    bytes -= left;
    sending_[index_++] = {};
    offset_ = 0;
  }
}

SendQueue::Flushed SendQueue::flush(Stream& stream, std::size_t& sent) {
  sent = 0;
  for (;;) {
    take_pending();
    if (sending_.empty()) return Flushed::empty;
    std::array<iovec, kMaxPieces> pieces;
    std::size_t count = 0;
    for (std::size_t i = index_; i < sending_.size() && count < kMaxPieces; ++i) {
      const std::size_t skip = i == index_ ? offset_ : 0;
      pieces[count++] = {sending_[i].data() + skip, sending_[i].size() - skip};
    }
    const IoCount result = stream.write_some({pieces.data(), count});
    if (result.status == IoCount::Status::blocked) return Flushed::blocked;
    if (result.status != IoCount::Status::ok) return Flushed::failed;
    sent += result.bytes;
    forget_sent(result.bytes);
  }
}

bool SendQueue::take_drained() {
  const std::lock_guard lock(mutex_);
  if (!was_full_ || size_ > kLowMark) return false;
  was_full_ = false;
  return true;
}

void SendQueue::close(Error why) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    why_ = std::move(why);
    closed_ = true;
    pending_ = {};
    size_ = 0;
  }
  sending_ = {};
  index_ = 0;
  room_.notify_all();
}

}  // namespace ottobot::net
