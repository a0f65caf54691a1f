#include "stores/redis/batcher.hpp"

#include <gmock/gmock.h>

#include <future>

#include "ottobot/clock.hpp"
#include "ottobot/testing/results.hpp"

namespace ottobot::testing {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;

// Each answer is ten times what was asked. The first call waits until it is let go.
class BatcherTest : public ::testing::Test {
 protected:
  using Numbers = stores::Batcher<int, int>;

  std::future<Result<int>> ask(int number, CallContext ctx) {
    return std::async(std::launch::async, [this, number, ctx] { return numbers_.run(number, ctx); });
  }
  // One that is under way.
  std::future<Result<int>> hold_first() {
    auto first = ask(1, ctx_);
    first_begun_.get_future().wait();
    return first;
  }
  // Until so many wait for the next call: they are in no call, and do not say so.
  void await_gathered(std::size_t count) {
    while (numbers_.gathered() < count) (void)system_clock().sleep_for(std::chrono::milliseconds(1), ctx_);
  }

  Result<std::vector<int>> call(const Numbers::Entries& entries, const CallContext& ctx) {
    std::vector<int> items, answers;
    for (const auto* entry : entries) {
      items.push_back(entry->item);
      answers.push_back(entry->item * 10);
      if (entry->again) ++repeats_;
    }
    calls_.push_back(items);
    if (calls_.size() == 1) {
      first_begun_.set_value();
      let_go_.get_future().wait();
    }
    return on_call_ ? on_call_(ctx, std::move(answers)) : std::move(answers);
  }

  CallContext ctx_ = with_timeout(seconds(30));
  std::promise<void> first_begun_, let_go_;
  std::vector<std::vector<int>> calls_;  // one at a time
  int repeats_ = 0;
  std::function<Result<std::vector<int>>(const CallContext&, std::vector<int>)> on_call_;
  Numbers numbers_{[this](const Numbers::Entries& entries, const CallContext& ctx) { return call(entries, ctx); }};
};

TEST_F(BatcherTest, WhatComesDuringACallIsAskedTogether) {
  auto first = hold_first();
  std::vector<std::future<Result<int>>> others;
  for (int n = 2; n <= 6; ++n) others.push_back(ask(n, ctx_));
  await_gathered(5);
  let_go_.set_value();
  EXPECT_EQ(value_of(first.get()), 10);
  for (int n = 2; n <= 6; ++n) EXPECT_EQ(value_of(others[n - 2].get()), n * 10);
  ASSERT_EQ(calls_.size(), 2u);
  EXPECT_EQ(calls_[1].size(), 5u);
}

TEST_F(BatcherTest, NoCallIsOfMoreThanItMayBe) {
  auto first = hold_first();
  std::vector<std::future<Result<int>>> others;
  const int count = static_cast<int>(Numbers::kMost) + 1;
  for (int n = 0; n < count; ++n) others.push_back(ask(n, ctx_));
  await_gathered(static_cast<std::size_t>(count));
  let_go_.set_value();
  for (int n = 0; n < count; ++n) EXPECT_EQ(value_of(others[n].get()), n * 10);
  EXPECT_EQ(calls_.size(), 3u);
}

TEST_F(BatcherTest, AnErrorIsEverybodys) {
  on_call_ = [](const CallContext&, const std::vector<int>&) { return unavailable("it is gone"); };
  auto first = hold_first();
  auto second = ask(2, ctx_), third = ask(3, ctx_);
  await_gathered(2);
  let_go_.set_value();
  EXPECT_TRUE(failed_with(ErrorCode::unavailable, first.get()));
  EXPECT_TRUE(failed_with(ErrorCode::unavailable, second.get()));
  EXPECT_TRUE(failed_with(ErrorCode::unavailable, third.get()));
}

TEST_F(BatcherTest, WhoIsStoppedWhileItCallsForAllEndsAlone) {
  std::stop_source stop[2];
  on_call_ = [&](const CallContext& ctx, std::vector<int> answers) -> Result<std::vector<int>> {
    if (calls_.size() != 2) return answers;
    stop[ctx.stop == stop[0].get_token() ? 0 : 1].request_stop();
    return cancelled();
  };
  auto first = hold_first();
  auto second = ask(2, ctx_.with_stop(stop[0].get_token())), third = ask(3, ctx_.with_stop(stop[1].get_token()));
  await_gathered(2);
  let_go_.set_value();
  const bool second_was_stopped = !second.get(), third_was_stopped = !third.get();
  EXPECT_NE(second_was_stopped, third_was_stopped);
  EXPECT_EQ(calls_.size(), 3u);
  EXPECT_GE(repeats_, 1) << "what may have been done already must say so";
}

TEST_F(BatcherTest, WhoLeavesIsNotAskedFor) {
  auto first = hold_first();
  EXPECT_TRUE(failed_with(ErrorCode::deadline_exceeded, numbers_.run(2, with_timeout(std::chrono::milliseconds(20)))));
  auto third = ask(3, ctx_);
  await_gathered(1);
  let_go_.set_value();
  EXPECT_EQ(value_of(third.get()), 30);
  EXPECT_THAT(calls_, ElementsAre(ElementsAre(1), ElementsAre(3)));
}

TEST_F(BatcherTest, ThreadsThatAskAndLeaveAtAnyTimeGetTheirOwnAnswers) {
  let_go_.set_value();
  std::vector<std::future<int>> wrong;
  for (int thread = 0; thread < 8; ++thread) {
    wrong.push_back(std::async(std::launch::async, [this, thread] {
      int count = 0;
      for (int n = 0; n < 2000; ++n) {
        const bool hurried = n % 7 == thread % 7;
        const auto answer = numbers_.run(n, hurried ? with_timeout(std::chrono::milliseconds(0)) : ctx_);
        if (answer ? *answer != n * 10 : !hurried) ++count;
      }
      return count;
    }));
  }
  for (auto& each : wrong) EXPECT_EQ(each.get(), 0);
}

}  // namespace
}  // namespace ottobot::testing
