#include "containers/local/launch_gate.hpp"

#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "ottobot/testing/results.hpp"

namespace ottobot::containers {
namespace {

using testing::failed_with;

constexpr std::chrono::milliseconds kPatience{10'000};
constexpr std::chrono::milliseconds kMoment{50};

TEST(LaunchGate, LetsInAsManyAsItHasPlacesAndTheNextWhenOneLeaves) {
  LaunchGate gate(2);
  std::optional<Result<LaunchGate::Pass>> first(gate.enter(with_timeout(kPatience)));
  const auto second = gate.enter(with_timeout(kPatience));
  ASSERT_TRUE(first->has_value());
  ASSERT_TRUE(second.has_value());
  EXPECT_TRUE(failed_with(ErrorCode::deadline_exceeded, gate.enter(with_timeout(kMoment))));
  auto third = std::async(std::launch::async, [&] { return gate.enter(with_timeout(kPatience)).has_value(); });
  EXPECT_EQ(third.wait_for(kMoment), std::future_status::timeout);
  first.reset();
  EXPECT_TRUE(third.get());
}

TEST(LaunchGate, WhoIsCancelledKeepsNobodyWaiting) {
  LaunchGate gate(1);
  std::optional<Result<LaunchGate::Pass>> in(gate.enter(with_timeout(kPatience)));
  std::stop_source stop;
  auto cancelled =
      std::async(std::launch::async, [&] { return gate.enter(with_timeout(kPatience).with_stop(stop.get_token())); });
  EXPECT_EQ(cancelled.wait_for(kMoment), std::future_status::timeout);
  stop.request_stop();
  EXPECT_TRUE(failed_with(ErrorCode::cancelled, cancelled.get()));
  in.reset();
  EXPECT_TRUE(gate.enter(with_timeout(kPatience)).has_value());
}

TEST(LaunchGate, NeverHoldsMoreThanItsPlaces) {
  LaunchGate gate(3);
  std::atomic<int> inside{0}, most{0}, entered{0};
  {
    std::vector<std::jthread> crowd;
    for (int n = 0; n < 24; ++n) {
      crowd.emplace_back([&] {
        for (int round = 0; round < 50; ++round) {
          const auto pass = gate.enter(with_timeout(kPatience));
          if (!pass) continue;
          const int now = ++inside;
          int before = most;
          while (before < now && !most.compare_exchange_weak(before, now)) continue;
          ++entered;
          std::this_thread::yield();
          --inside;
        }
      });
    }
  }
  EXPECT_EQ(entered, 24 * 50);
  EXPECT_LE(most, 3);
}

}  // namespace
}  // namespace ottobot::containers
