#include "net/server/send_queue.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

namespace ottobot::net {
namespace {

class SendQueueTest : public ::testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    stream_.emplace(loop_, UniqueFd(ends[0]));
    peer_ = UniqueFd(ends[1]);
    ASSERT_TRUE(stream_->open());
  }

  SendQueue::Flushed flush() {
    std::size_t sent = 0;
    return queue_.flush(*stream_, sent);
  }

  // Reads `bytes` at the other end.
  void take(std::size_t bytes) {
    std::string buffer(64 << 10, '\0');
    while (bytes > 0) {
      const ssize_t got = ::read(peer_.get(), buffer.data(), std::min(bytes, buffer.size()));
      ASSERT_GT(got, 0);
      bytes -= static_cast<std::size_t>(got);
    }
  }

  LoopWatch watch_;
  std::shared_ptr<IoLoop> loop_ = std::make_shared<IoLoop>(watch_);
  std::optional<Stream> stream_;
  UniqueFd peer_;
  SendQueue queue_;
};

TEST_F(SendQueueTest, ASmallQueueIsNeverCalledDrained) {
  queue_.push(std::string(SendQueue::kLowMark, 'x'));
  EXPECT_EQ(flush(), SendQueue::Flushed::empty);
  EXPECT_FALSE(queue_.take_drained());
}

TEST_F(SendQueueTest, IsDrainedOnceWhenItFillsAndEmptiesWithinOneFlush) {
  queue_.push(std::string(SendQueue::kLowMark + 1, 'x'));
  EXPECT_FALSE(queue_.take_drained());
  EXPECT_EQ(flush(), SendQueue::Flushed::empty);
  EXPECT_TRUE(queue_.take_drained());
  EXPECT_FALSE(queue_.take_drained());
}

TEST_F(SendQueueTest, IsDrainedOnlyOnceTheSlowPeerHasTakenEnough) {
  const std::size_t size = 1 << 20;
  queue_.push(std::string(size, 'x'));
  EXPECT_EQ(flush(), SendQueue::Flushed::blocked);
  EXPECT_FALSE(queue_.take_drained());
  std::thread reader([&] { take(size); });
  while (flush() == SendQueue::Flushed::blocked) std::this_thread::yield();
  reader.join();
  EXPECT_TRUE(queue_.take_drained());
}

// What a writer sees that is held back above a limit and waits to be told.
TEST_F(SendQueueTest, AWriterThatWaitsToBeToldIsAlwaysTold) {
  constexpr std::size_t kPiece = 16 << 10, kLimit = 128 << 10, kPieces = 4000;
  std::mutex mutex;
  std::condition_variable told;
  bool drained = false;
  std::thread reader([&] { take(kPiece * kPieces); });
  std::atomic<bool> done{false};
  std::thread flusher([&] {
    while (!done) {
      flush();
      if (!queue_.take_drained()) continue;
      std::lock_guard lock(mutex);
      drained = true;
      told.notify_all();
    }
  });
  std::size_t written = 0;
  for (; written < kPieces; ++written) {
    queue_.push(std::string(kPiece, 'x'));
    if (queue_.size() < kLimit) continue;
    std::unique_lock lock(mutex);
    if (!told.wait_for(lock, std::chrono::seconds(10), [&] { return drained; })) break;
    drained = false;
  }
  EXPECT_EQ(written, kPieces);
  if (written < kPieces) ::shutdown(peer_.get(), SHUT_RDWR);
  reader.join();
  done = true;
  flusher.join();
}

}  // namespace
}  // namespace ottobot::net
