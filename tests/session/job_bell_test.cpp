#include "session/job_bell.hpp"

#include <gtest/gtest.h>

#include <future>
#include <string>

namespace ottobot::session {
namespace {

SessionRow row(int number) {
  SessionRow row;
  row.id = std::to_string(number);
  return row;
}

TEST(JobBellTest, PushesEachOnceAndInOrder) {
  constexpr int kEach = 500, kThreads = 4;
  std::vector<int> pushed;
  {
    JobBell bell([&](const std::vector<SessionRow>& sessions) {
      for (const SessionRow& session : sessions) pushed.push_back(std::stoi(session.id));
    });
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&bell, t] {
        for (int n = 0; n < kEach; ++n) bell.ring(row(t * kEach + n));
      });
    }
  }
  ASSERT_EQ(pushed.size(), static_cast<std::size_t>(kEach * kThreads));
  std::vector<int> last(kThreads, -1);
  for (const int number : pushed) {
    EXPECT_LT(last[number / kEach], number);
    last[number / kEach] = number;
  }
}

TEST(JobBellTest, WhatComesDuringAPushGoesWithTheNext) {
  std::promise<void> begun, go_on;
  std::vector<std::size_t> sizes;
  {
    JobBell bell([&](const std::vector<SessionRow>& sessions) {
      sizes.push_back(sessions.size());
      if (sizes.size() > 1) return;
      begun.set_value();
      go_on.get_future().wait();
    });
    bell.ring(row(0));
    begun.get_future().wait();
    for (int n = 1; n <= 7; ++n) bell.ring(row(n));
    go_on.set_value();
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 7}));
}

TEST(JobBellTest, HoldsNoMoreThanItMay) {
  std::promise<void> begun, go_on;
  std::size_t pushed = 0;
  {
    JobBell bell([&](const std::vector<SessionRow>& sessions) {
      if (pushed == 0) {
        begun.set_value();
        go_on.get_future().wait();
      }
      pushed += sessions.size();
    });
    bell.ring(row(0));
    begun.get_future().wait();
    for (std::size_t n = 0; n < JobBell::kMost + 5; ++n) bell.ring(row(1));
    go_on.set_value();
  }
  EXPECT_EQ(pushed, JobBell::kMost + 1);
}

}  // namespace
}  // namespace ottobot::session
