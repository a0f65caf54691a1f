#include "api/rate_limit.hpp"

#include <gtest/gtest.h>

#include "api/recent_names.hpp"
#include "ottobot/testing/manual_clock.hpp"

namespace ottobot::api {
namespace {

using namespace std::chrono_literals;

TEST(RateLimit, GivesAMinutesWorthAtOnceAndThenEvenly) {
  testing::ManualClock clock;
  RateLimit limit(3, clock);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.take("a"), 0ms) << i;
  EXPECT_EQ(limit.take("a"), 20s);
  EXPECT_EQ(limit.take("b"), 0ms) << "another's bucket";
  clock.advance(19s);
  EXPECT_EQ(limit.wait_of("a"), 1s);
  EXPECT_EQ(limit.take("a"), 1s) << "a refusal costs nothing";
  clock.advance(1s);
  EXPECT_EQ(limit.take("a"), 0ms);
  EXPECT_GT(limit.take("a"), 0ms);
  clock.advance(10min);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.take("a"), 0ms) << "no more than a minute's worth is kept";
  EXPECT_GT(limit.take("a"), 0ms);
}

TEST(RateLimit, OfZeroIsNone) {
  testing::ManualClock clock;
  RateLimit limit(0, clock);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(limit.take("a"), 0ms);
  EXPECT_EQ(limit.names(), 0u);
}

TEST(RateLimit, RemembersABoundedNumberOfNames) {
  testing::ManualClock clock;
  RateLimit limit(1, clock, 100);
  for (int i = 0; i < 10'000; ++i) limit.take("name" + std::to_string(i));
  EXPECT_LE(limit.names(), 100u);
  EXPECT_GT(limit.take("name9999"), 0ms) << "the newest are known";
  clock.advance(2min);
  for (int i = 0; i < 200; ++i) limit.take("again");
  limit.take("x");
  limit.take("y");
  EXPECT_LT(limit.names(), 100u) << "full buckets are forgotten";
}

TEST(RecentNames, ForgetsWhatWasNotSeenForLongest) {
  RecentNames names(2);
  names.add("a");
  names.add("b");
  names.add("a");
  names.add("c");
  EXPECT_TRUE(names.has("a"));
  EXPECT_FALSE(names.has("b"));
  EXPECT_TRUE(names.has("c"));
}

}  // namespace
}  // namespace ottobot::api
