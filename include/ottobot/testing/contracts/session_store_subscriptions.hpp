// Part of session_store_contract.hpp: announcements and ephemera.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "ottobot/testing/session_store_contract.hpp"

namespace ottobot::testing {

// Keeps what it is told; lets a test wait for it.
class RecordingSessionSink final : public SessionSink {
 public:
  void on_events(Seq last_seq) noexcept override {
    std::function<void()> then;
    {
      std::lock_guard lock(mutex_);
      last_seq_ = std::max(last_seq_, last_seq);
      ++calls_;
      then = on_call_;
    }
    changed_.notify_all();
    if (then) then();
  }
  void on_ephemeral(const Json& message) noexcept override {
    {
      std::lock_guard lock(mutex_);
      messages_.push_back(message);
      ++calls_;
    }
    changed_.notify_all();
  }

  void call_on_events(std::function<void()> then) {
    std::lock_guard lock(mutex_);
    on_call_ = std::move(then);
  }
  bool wait_for_seq(Seq seq) {
    return wait([&] { return last_seq_ >= seq; });
  }
  std::vector<Json> wait_for_messages(std::size_t count) {
    wait([&] { return messages_.size() >= count; });
    std::lock_guard lock(mutex_);
    return messages_;
  }
  int calls() const {
    std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  bool wait(const std::function<bool()>& reached) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), reached);
  }

  mutable std::mutex mutex_;  // guards the rest
  std::condition_variable changed_;
  Seq last_seq_ = 0;
  std::vector<Json> messages_;
  std::function<void()> on_call_;
  int calls_ = 0;
};

TEST_P(SessionStoreContract, SubscribersHearOfAppendsOfTheirSession) {
  const auto id = create(), other = create();
  RecordingSessionSink mine, also_mine, others;
  const auto first = value_of(store_->subscribe(id, mine));
  const auto second = value_of(store_->subscribe(id, also_mine));
  const auto third = value_of(store_->subscribe(other, others));
  ASSERT_TRUE(succeeded(store_->post_inbox(by_anybody(id, {note("a")}), ctx_)));
  EXPECT_TRUE(mine.wait_for_seq(3));
  EXPECT_TRUE(also_mine.wait_for_seq(3));
  const auto lease = own(id);
  for (int n = 0; n < 10; ++n) ASSERT_TRUE(succeeded(store_->append_owner(by_owner(lease, {note("b")}), ctx_)));
  EXPECT_TRUE(mine.wait_for_seq(13));
  ASSERT_TRUE(succeeded(store_->post_inbox(by_anybody(other, {note("c")}), ctx_)));
  EXPECT_TRUE(others.wait_for_seq(3));
  EXPECT_EQ(others.calls(), 1);
}

TEST_P(SessionStoreContract, EphemeraReachTheSubscribersOfNowInOrder) {
  const auto id = create();
  ASSERT_TRUE(succeeded(store_->publish(id, {{"n", -1}}, ctx_)));
  RecordingSessionSink sink;
  const auto subscription = value_of(store_->subscribe(id, sink));
  for (int n = 0; n < 50; ++n) ASSERT_TRUE(succeeded(store_->publish(id, {{"n", n}}, ctx_)));
  const auto messages = sink.wait_for_messages(50);
  ASSERT_EQ(messages.size(), 50u);
  for (int n = 0; n < 50; ++n) EXPECT_EQ(messages[static_cast<std::size_t>(n)], (Json{{"n", n}}));
  EXPECT_EQ(row(id).last_seq, 2);
}

TEST_P(SessionStoreContract, NoCallAfterTheSubscriptionEnded) {
  const auto id = create();
  RecordingSessionSink ended, live;
  const auto watch = value_of(store_->subscribe(id, live));
  auto subscription = value_of(store_->subscribe(id, ended));
  ASSERT_TRUE(succeeded(store_->post_inbox(by_anybody(id, {note("a")}), ctx_)));
  ASSERT_TRUE(ended.wait_for_seq(3));
  subscription.reset();
  const int calls = ended.calls();
  ASSERT_TRUE(succeeded(store_->post_inbox(by_anybody(id, {note("b")}), ctx_)));
  ASSERT_TRUE(live.wait_for_seq(4));
  EXPECT_EQ(ended.calls(), calls);
}

TEST_P(SessionStoreContract, EndingASubscriptionWaitsForItsRunningCall) {
  const auto id = create();
  for (int round = 0; round < 20; ++round) {
    auto alive = std::make_unique<std::atomic<bool>>(true);
    std::atomic<int> seen_dead = 0;
    RecordingSessionSink sink;
    sink.call_on_events([&] {
      std::this_thread::yield();
      if (!*alive) ++seen_dead;
    });
    auto subscription = value_of(store_->subscribe(id, sink));
    std::jthread poster([&] { (void)store_->post_inbox(by_anybody(id, {note("a"), note("b")}), ctx_); });
    if (round % 2 == 0) std::this_thread::yield();
    subscription.reset();
    *alive = false;
    poster.join();
    EXPECT_EQ(seen_dead, 0);
  }
}

TEST_P(SessionStoreContract, ASinkMayEndItsOwnSubscription) {
  const auto id = create();
  RecordingSessionSink sink, live;
  auto subscription = value_of(store_->subscribe(id, sink));
  sink.call_on_events([&] { subscription.reset(); });
  const auto watch = value_of(store_->subscribe(id, live));
  ASSERT_TRUE(succeeded(store_->post_inbox(by_anybody(id, {note("a")}), ctx_)));
  ASSERT_TRUE(live.wait_for_seq(3));
  ASSERT_TRUE(succeeded(store_->post_inbox(by_anybody(id, {note("b")}), ctx_)));
  ASSERT_TRUE(live.wait_for_seq(4));
  EXPECT_EQ(sink.calls(), 1);
}

TEST_P(SessionStoreContract, SubscriptionsMayEndAfterTheStore) {
  const auto id = create();
  RecordingSessionSink sink;
  auto subscription = value_of(store_->subscribe(id, sink));
  store_.reset();
  subscription.reset();
  EXPECT_EQ(sink.calls(), 0);
}

}  // namespace ottobot::testing
