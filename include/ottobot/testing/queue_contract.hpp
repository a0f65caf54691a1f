// The contract suite of Queue. A queue's author includes this in one file of a test program and writes
//
//   INSTANTIATE_TEST_SUITE_P(MyQueue, QueueContract, ::testing::Values(QueueFactory{"MyQueue", make_my_queue}),
//                            queue_name);
//
// in namespace ottobot::testing.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <ostream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "ottobot/ids.hpp"
#include "ottobot/queue.hpp"
#include "ottobot/testing/manual_clock.hpp"
#include "ottobot/testing/results.hpp"

namespace ottobot::testing {

struct QueueFactory {
  std::string name;  // letters and digits
  // An empty queue of its own at each call. Delays and leases follow `clock`, which outlives it.
  std::function<Result<std::unique_ptr<Queue>>(Clock& clock)> make;
};

inline void PrintTo(const QueueFactory& factory, std::ostream* out) { *out << factory.name; }

inline std::string queue_name(const ::testing::TestParamInfo<QueueFactory>& info) { return info.param.name; }

class QueueContract : public ::testing::TestWithParam<QueueFactory> {
 protected:
  void SetUp() override {
    auto made = GetParam().make(clock_);
    ASSERT_TRUE(succeeded(made));
    queue_ = std::move(*made);
  }

  bool push(const std::string& id, std::chrono::milliseconds delay = {}, const std::string& queue = "q") {
    return value_of(queue_->push({queue, id, delay}, ctx_));
  }
  // What waits just now; nullopt when nothing is due.
  std::optional<Job> lease(std::vector<std::string> queues = {"q"}) {
    return value_of(queue_->lease({std::move(queues), "w", kTtl}, with_timeout(std::chrono::milliseconds(0))));
  }
  // The id of what waits just now; empty when nothing is due.
  std::string lease_id(std::vector<std::string> queues = {"q"}) {
    const auto job = lease(std::move(queues));
    return job ? job->id : "";
  }
  QueueCounts counts(const std::string& queue = "q") { return value_of(queue_->counts(queue, ctx_)); }
  static FailJobParams failure(int max_attempts = 5) {
    return {"it broke", max_attempts, std::chrono::seconds(1), std::chrono::seconds(3)};
  }

  static constexpr std::chrono::seconds kTtl{30};
  ManualClock clock_;
  CallContext ctx_ = with_timeout(std::chrono::seconds(60));
  std::unique_ptr<Queue> queue_;
};

TEST_P(QueueContract, JobsAreLeasedInTheOrderOfPushes) {
  EXPECT_TRUE(push("a"));
  EXPECT_TRUE(push("b"));
  EXPECT_TRUE(push("c"));
  const auto first = lease();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->id, "a");
  EXPECT_EQ(first->queue, "q");
  EXPECT_EQ(first->attempt, 1);
  EXPECT_FALSE(first->token.empty());
  EXPECT_EQ(lease_id(), "b");
  EXPECT_EQ(lease_id(), "c");
  EXPECT_FALSE(lease().has_value());
}

TEST_P(QueueContract, AnIdThatWaitsIsNotPushedTwice) {
  EXPECT_TRUE(push("a"));
  EXPECT_FALSE(push("a"));
  EXPECT_TRUE(push("late", std::chrono::seconds(5)));
  EXPECT_FALSE(push("late"));
  EXPECT_EQ(counts().waiting, 1u);
  EXPECT_EQ(counts().delayed, 1u);
  EXPECT_EQ(lease_id(), "a");
  EXPECT_EQ(lease_id(), "");
}

TEST_P(QueueContract, AnIdMayWaitInSeveralQueues) {
  EXPECT_TRUE(push("a", {}, "q"));
  EXPECT_TRUE(push("a", {}, "r"));
  EXPECT_EQ(lease_id({"q"}), "a");
  EXPECT_EQ(lease_id({"r"}), "a");
}

TEST_P(QueueContract, AJobPushedWhileLeasedWaitsAgainAfterCompletion) {
  push("a");
  const auto job = lease();
  ASSERT_TRUE(job);
  EXPECT_TRUE(push("a"));
  EXPECT_FALSE(push("a"));
  EXPECT_EQ(lease_id(), "");
  ASSERT_TRUE(succeeded(queue_->complete(*job, ctx_)));
  const auto again = lease();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->id, "a");
  EXPECT_EQ(again->attempt, 1);
  ASSERT_TRUE(succeeded(queue_->complete(*again, ctx_)));
  EXPECT_EQ(lease_id(), "");
}

TEST_P(QueueContract, AJobPushedWhileLeasedWaitsAgainAfterFailure) {
  push("a");
  auto job = lease();
  ASSERT_TRUE(job);
  push("a");
  ASSERT_TRUE(succeeded(queue_->fail(*job, failure(), ctx_)));
  job = lease();
  ASSERT_TRUE(job);
  push("a");
  ASSERT_TRUE(succeeded(queue_->fail(*job, failure(1), ctx_)));
  EXPECT_EQ(counts().dead, 1u);
  EXPECT_EQ(lease_id(), "a");
}

TEST_P(QueueContract, CompletedJobIsGoneAndItsTokenDead) {
  push("a");
  const auto job = lease();
  ASSERT_TRUE(job);
  EXPECT_EQ(counts().leased, 1u);
  ASSERT_TRUE(succeeded(queue_->complete(*job, ctx_)));
  EXPECT_EQ(counts().leased, 0u);
  EXPECT_TRUE(failed_with(ErrorCode::conflict, queue_->complete(*job, ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::conflict, queue_->extend(*job, kTtl, ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::conflict, queue_->fail(*job, failure(), ctx_)));
  push("a");
  ASSERT_EQ(lease_id(), "a");
  EXPECT_TRUE(failed_with(ErrorCode::conflict, queue_->complete(*job, ctx_)));
}

TEST_P(QueueContract, ManyAreMadeToWaitAtOnceInTheirOrder) {
  push("150");
  std::vector<std::string> ids;
  for (int n = 0; n < 250; ++n) ids.push_back(std::to_string(n));
  EXPECT_EQ(value_of(queue_->push_all("q", ids, ctx_)), 249u);
  EXPECT_EQ(value_of(queue_->push_all("q", ids, ctx_)), 0u);
  EXPECT_EQ(value_of(queue_->push_all("q", {}, ctx_)), 0u);
  EXPECT_EQ(counts().waiting, 250u);
  EXPECT_EQ(lease_id(), "150");
  EXPECT_EQ(lease_id(), "0");
  EXPECT_EQ(lease_id(), "1");
}

TEST_P(QueueContract, ALeaseCompletesWhatIsDoneFirst) {
  push("a");
  push("b");
  const auto first = lease();
  ASSERT_TRUE(first);
  push("a");
  const auto now = with_timeout(std::chrono::milliseconds(0));
  const auto second = value_of(queue_->lease({{"q"}, "w", kTtl, first}, now));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->id, "b");
  EXPECT_TRUE(failed_with(ErrorCode::conflict, queue_->complete(*first, ctx_)));
  const auto third = value_of(queue_->lease({{"q"}, "w", kTtl, second}, now));
  ASSERT_TRUE(third);
  EXPECT_EQ(third->id, "a");  // it was pushed while it was leased
  EXPECT_EQ(third->attempt, 1);
  EXPECT_FALSE(value_of(queue_->lease({{"q"}, "w", kTtl, third}, now)));
  EXPECT_EQ(counts().leased, 0u);
}

TEST_P(QueueContract, ALeaseCompletesWhatIsDoneOfAnotherQueue) {
  push("a", {}, "r");
  push("b");
  const auto first = lease({"r"});
  ASSERT_TRUE(first);
  const auto second =
      value_of(queue_->lease({{"q", "r"}, "w", kTtl, first}, with_timeout(std::chrono::milliseconds(0))));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->id, "b");
  EXPECT_EQ(counts("r").leased, 0u);
}

TEST_P(QueueContract, WhatIsDoneMayHaveLostItsLease) {
  push("a");
  const auto stalled = lease();
  ASSERT_TRUE(stalled);
  clock_.advance(kTtl + std::chrono::seconds(1));
  EXPECT_EQ(value_of(queue_->recover_stalled(ctx_)), 1u);
  const auto again =
      value_of(queue_->lease({{"q"}, "w", kTtl, stalled}, with_timeout(std::chrono::milliseconds(0))));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->id, "a");
  EXPECT_EQ(again->attempt, 2);
  EXPECT_EQ(counts().leased, 1u);
}

TEST_P(QueueContract, DelayedJobsBecomeDueInTheOrderOfTheirTimes) {
  push("late", std::chrono::seconds(5));
  push("early", std::chrono::seconds(2));
  EXPECT_EQ(counts().delayed, 2u);
  EXPECT_EQ(lease_id(), "");
  clock_.advance(std::chrono::milliseconds(1999));
  EXPECT_EQ(lease_id(), "");
  clock_.advance(std::chrono::seconds(4));
  EXPECT_EQ(lease_id(), "early");
  EXPECT_EQ(lease_id(), "late");
}

TEST_P(QueueContract, FailedJobsComeBackAfterADoublingBackoff) {
  push("a");
  for (const int backoff_s : {1, 2, 3, 3}) {
    const auto job = lease();
    ASSERT_TRUE(job) << backoff_s;
    ASSERT_TRUE(succeeded(queue_->fail(*job, failure(), ctx_)));
    clock_.advance(std::chrono::seconds(backoff_s) - std::chrono::milliseconds(1));
    EXPECT_EQ(lease_id(), "") << backoff_s;
    clock_.advance(std::chrono::milliseconds(1));
  }
  const auto last = lease();
  ASSERT_TRUE(last);
  EXPECT_EQ(last->attempt, 5);
  ASSERT_TRUE(succeeded(queue_->fail(*last, failure(), ctx_)));
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(lease_id(), "");
  const auto dead = value_of(queue_->dead_letters("q", 10, ctx_));
  ASSERT_EQ(dead.size(), 1u);
  EXPECT_EQ(dead[0].id, "a");
  EXPECT_EQ(dead[0].queue, "q");
  EXPECT_EQ(dead[0].reason, "it broke");
  EXPECT_EQ(dead[0].attempts, 5);
  EXPECT_TRUE(push("a"));
}

TEST_P(QueueContract, StalledJobsComeBackFirstInLine) {
  push("a");
  push("b");
  push("c");
  const auto first = lease(), second = lease();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(value_of(queue_->recover_stalled(ctx_)), 0u);
  clock_.advance(kTtl - std::chrono::seconds(1));
  ASSERT_TRUE(succeeded(queue_->extend(*second, kTtl, ctx_)));
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(value_of(queue_->recover_stalled(ctx_)), 1u);
  EXPECT_TRUE(failed_with(ErrorCode::conflict, queue_->complete(*first, ctx_)));
  const auto again = lease();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->id, "a");
  EXPECT_EQ(again->attempt, 2);
  EXPECT_NE(again->token, first->token);
  EXPECT_TRUE(succeeded(queue_->complete(*second, ctx_)));
  EXPECT_EQ(lease_id(), "c");
}

TEST_P(QueueContract, QueuesAreServedInTheOrderOfPreference) {
  push("shared", {}, "shared");
  push("mine", {}, "mine");
  EXPECT_EQ(lease_id({"mine", "shared"}), "mine");
  EXPECT_EQ(lease_id({"mine", "shared"}), "shared");
}

TEST_P(QueueContract, DrainTakesEverythingThatWaits) {
  push("leased");
  const auto job = lease();
  ASSERT_TRUE(job);
  push("a");
  push("b", std::chrono::seconds(5));
  push("other", {}, "r");
  const auto drained = value_of(queue_->drain("q", ctx_));
  EXPECT_EQ(drained, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(counts().waiting + counts().delayed, 0u);
  EXPECT_EQ(counts().leased, 1u);
  EXPECT_EQ(counts("r").waiting, 1u);
  EXPECT_TRUE(succeeded(queue_->complete(*job, ctx_)));
  EXPECT_TRUE(push("a"));
}

TEST_P(QueueContract, WorkersAreKnownUntilTheirTimeIsUpOrTheyLeave) {
  EXPECT_TRUE(value_of(queue_->workers(ctx_)).empty());
  ASSERT_TRUE(succeeded(queue_->announce_worker({"w2", "host", "http://10.0.0.2:3001", 3, 64, 1}, kTtl, ctx_)));
  ASSERT_TRUE(succeeded(queue_->announce_worker({"w1", "host"}, kTtl, ctx_)));
  clock_.advance(kTtl - std::chrono::seconds(1));
  WorkerRecord second{"w2", "host", "http://10.0.0.2:3001", 4, 64, 2};
  second.secret_digest = "d1";
  ASSERT_TRUE(succeeded(queue_->announce_worker(second, kTtl, ctx_)));
  clock_.advance(std::chrono::seconds(1));
  const auto known = value_of(queue_->workers(ctx_));
  ASSERT_EQ(known.size(), 2u);
  EXPECT_EQ(known[0].id, "w1");
  EXPECT_FALSE(known[0].alive);
  EXPECT_EQ(known[1].id, "w2");
  EXPECT_TRUE(known[1].alive);
  EXPECT_EQ(known[1].host_id, "host");
  EXPECT_EQ(known[1].url, "http://10.0.0.2:3001");
  EXPECT_EQ(known[1].running, 4);
  EXPECT_EQ(known[1].capacity, 64);
  EXPECT_EQ(known[1].spare_sandboxes, 2);
  EXPECT_EQ(known[1].secret_digest, "d1");
  ASSERT_TRUE(succeeded(queue_->withdraw_worker("w1", ctx_)));
  ASSERT_TRUE(succeeded(queue_->withdraw_worker("w1", ctx_)));
  EXPECT_EQ(value_of(queue_->workers(ctx_)).size(), 1u);
}

TEST_P(QueueContract, LeaseWaitsForAPush) {
  auto leased = std::async(std::launch::async, [&] { return queue_->lease({{"q", "r"}, "w", kTtl}, ctx_); });
  push("a", {}, "r");
  const auto job = value_of(leased.get());
  ASSERT_TRUE(job);
  EXPECT_EQ(job->id, "a");
}

TEST_P(QueueContract, LeaseWaitsForADelayToPass) {
  push("a", std::chrono::hours(1));
  auto leased = std::async(std::launch::async, [&] { return queue_->lease({{"q"}, "w", kTtl}, ctx_); });
  clock_.advance(std::chrono::hours(2));
  const auto job = value_of(leased.get());
  ASSERT_TRUE(job);
  EXPECT_EQ(job->id, "a");
}

TEST_P(QueueContract, LeaseEndsWithItsDeadline) {
  const auto job = queue_->lease({{"q"}, "w", kTtl}, with_timeout(std::chrono::milliseconds(30)));
  ASSERT_TRUE(succeeded(job));
  EXPECT_FALSE(job->has_value());
}

TEST_P(QueueContract, LeaseEndsWhenItIsStopped) {
  std::stop_source source;
  auto leased = std::async(std::launch::async, [&] {
    return queue_->lease({{"q"}, "w", kTtl}, ctx_.with_stop(source.get_token()));
  });
  source.request_stop();
  EXPECT_TRUE(failed_with(ErrorCode::cancelled, leased.get()));
  push("a");
  EXPECT_EQ(lease_id(), "a");
}

TEST_P(QueueContract, EveryJobIsLeasedOnceByManyWorkers) {
  constexpr std::size_t kJobs = 200;
  std::mutex mutex;  // guards leased
  std::condition_variable progress;
  std::multiset<std::string> leased;
  std::vector<std::jthread> workers;
  for (int w = 0; w < 4; ++w) {
    workers.emplace_back([&](const std::stop_token& stop) {
      while (true) {
        const auto job = queue_->lease({{"q"}, "w", kTtl}, ctx_.with_stop(stop));
        if (!job || !*job) return;
        EXPECT_TRUE(succeeded(queue_->complete(**job, ctx_)));
        std::lock_guard lock(mutex);
        leased.insert((*job)->id);
        progress.notify_one();
      }
    });
  }
  for (std::size_t n = 0; n < kJobs; ++n) push("job-" + std::to_string(n));
  {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(progress.wait_for(lock, std::chrono::seconds(20), [&] { return leased.size() >= kJobs; }));
  }
  workers.clear();  // stops them
  EXPECT_EQ(leased.size(), kJobs);
  EXPECT_EQ(std::set<std::string>(leased.begin(), leased.end()).size(), kJobs);
}

}  // namespace ottobot::testing

#include "ottobot/testing/contracts/queue_looks.hpp"
