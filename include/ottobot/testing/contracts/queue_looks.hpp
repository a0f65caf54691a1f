// Of the contract of Queue: what is seen of queues, and how they are cleared away. Included by queue_contract.hpp.
#pragma once

#include "ottobot/testing/queue_contract.hpp"

namespace ottobot::testing {

TEST_P(QueueContract, QueuesShowWhatIsInThemAndSinceWhen) {
  EXPECT_TRUE(value_of(queue_->queues(ctx_)).empty());
  const UnixMillis begun = clock_.now_ms();
  push("a");
  clock_.advance(std::chrono::seconds(3));
  push("b");
  push("late", std::chrono::seconds(60));
  push("other", std::chrono::seconds(5), "r");
  auto seen = value_of(queue_->queues(ctx_));
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].name, "q");
  EXPECT_EQ(seen[0].counts.waiting, 2u);
  EXPECT_EQ(seen[0].counts.delayed, 1u);
  EXPECT_EQ(seen[0].oldest_since, begun);
  EXPECT_EQ(seen[1].name, "r");
  EXPECT_EQ(seen[1].oldest_since, 0) << "what is delayed does not wait yet";
  EXPECT_EQ(lease_id(), "a");
  clock_.advance(std::chrono::seconds(5));
  seen = value_of(queue_->queues(ctx_));
  EXPECT_EQ(seen[0].counts.leased, 1u);
  EXPECT_EQ(seen[0].oldest_since, begun + 3000);
  EXPECT_EQ(seen[1].counts.waiting, 1u);
}

TEST_P(QueueContract, JobsAreShownAsTheyStandInLine) {
  const UnixMillis begun = clock_.now_ms();
  for (const char* id : {"a", "b", "c"}) push(id);
  push("late", std::chrono::seconds(5));
  push("later", std::chrono::seconds(60));
  ASSERT_EQ(lease_id(), "a");
  const auto seen = value_of(queue_->jobs("q", 4, ctx_));
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[0].id, "a");
  EXPECT_EQ(seen[0].state, JobState::leased);
  EXPECT_EQ(seen[0].until, begun + kTtl / std::chrono::milliseconds(1));
  EXPECT_EQ(seen[1].id, "b");
  EXPECT_EQ(seen[1].state, JobState::waiting);
  EXPECT_EQ(seen[1].since, begun);
  EXPECT_EQ(seen[2].id, "c");
  EXPECT_EQ(seen[3].id, "late");
  EXPECT_EQ(seen[3].state, JobState::delayed);
  EXPECT_EQ(seen[3].until, begun + 5000);
  clock_.advance(kTtl);
  EXPECT_EQ(value_of(queue_->recover_stalled(ctx_)), 1u);
  const auto again = value_of(queue_->jobs("q", 1, ctx_));
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].id, "a");
  EXPECT_EQ(again[0].attempt, 2);
  EXPECT_EQ(again[0].since, clock_.now_ms());
  EXPECT_TRUE(value_of(queue_->jobs("nothing", 4, ctx_)).empty());
}

TEST_P(QueueContract, DeadLettersAreDroppedOneByOneOrAll) {
  for (const char* id : {"a", "b", "c"}) {
    push(id);
    const auto job = lease();
    ASSERT_TRUE(job);
    ASSERT_TRUE(succeeded(queue_->fail(*job, failure(1), ctx_)));
  }
  ASSERT_TRUE(succeeded(queue_->drop_dead_letters("q", "b", ctx_)));
  ASSERT_TRUE(succeeded(queue_->drop_dead_letters("q", "b", ctx_)));
  const auto dead = value_of(queue_->dead_letters("q", 10, ctx_));
  ASSERT_EQ(dead.size(), 2u);
  EXPECT_EQ(dead[0].id, "a");
  EXPECT_EQ(dead[0].died_at, clock_.now_ms());
  EXPECT_EQ(dead[1].id, "c");
  ASSERT_TRUE(succeeded(queue_->drop_dead_letters("q", "", ctx_)));
  EXPECT_EQ(counts().dead, 0u);
}

TEST_P(QueueContract, AQueueIsForgottenWhenNothingIsInIt) {
  push("late", std::chrono::seconds(5));
  EXPECT_FALSE(value_of(queue_->forget("q", ctx_)));
  clock_.advance(std::chrono::seconds(5));
  const auto job = lease();
  ASSERT_TRUE(job);
  EXPECT_FALSE(value_of(queue_->forget("q", ctx_)));
  ASSERT_TRUE(succeeded(queue_->fail(*job, failure(1), ctx_)));
  EXPECT_FALSE(value_of(queue_->forget("q", ctx_)));
  ASSERT_TRUE(succeeded(queue_->drop_dead_letters("q", "", ctx_)));
  EXPECT_TRUE(value_of(queue_->forget("q", ctx_)));
  EXPECT_TRUE(value_of(queue_->queues(ctx_)).empty());
  EXPECT_TRUE(value_of(queue_->forget("q", ctx_)));
  EXPECT_TRUE(push("b", std::chrono::seconds(5)));
  EXPECT_EQ(value_of(queue_->queues(ctx_)).size(), 1u);
  EXPECT_EQ(value_of(queue_->drain("q", ctx_)), std::vector<std::string>{"b"});
  EXPECT_TRUE(value_of(queue_->forget("q", ctx_)));
  EXPECT_TRUE(push("c"));
  EXPECT_EQ(value_of(queue_->queues(ctx_)).size(), 1u);
  EXPECT_EQ(lease_id(), "c");
}

// Whoever forgets queues goes over those that are known: a job in one that is not would never be found.
TEST_P(QueueContract, NoPushIsLostToSomebodyWhoForgetsItsQueue) {
  constexpr int kPushes = 60;
  std::atomic<bool> done = false;
  std::mutex mutex;  // guards found
  std::condition_variable progress;
  std::set<std::string> found;
  const auto sweep = [&] {
    while (!done) {
      for (const auto& queue : value_of(queue_->queues(ctx_))) {
        const auto drained = value_of(queue_->drain(queue.name, ctx_));
        EXPECT_TRUE(succeeded(queue_->forget(queue.name, ctx_)));
        const std::lock_guard lock(mutex);
        found.insert(drained.begin(), drained.end());
        progress.notify_all();
      }
    }
  };
  std::thread sweeper(sweep), another(sweep);
  std::vector<std::jthread> pushers;
  for (const char* pusher : {"a", "b", "c"}) {
    pushers.emplace_back([&, pusher] {
      for (int n = 0; n < kPushes; ++n) {
        const std::string id = pusher + std::to_string(n);
        EXPECT_TRUE(push(id, std::chrono::milliseconds(n % 3 == 0 ? 1 : 0)));
        std::unique_lock lock(mutex);
        EXPECT_TRUE(progress.wait_for(lock, std::chrono::seconds(20), [&] { return found.count(id) > 0; })) << id;
      }
    });
  }
  pushers.clear();
  done = true;
  sweeper.join();
  another.join();
}

}  // namespace ottobot::testing
