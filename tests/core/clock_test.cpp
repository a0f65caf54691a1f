#include "ottobot/clock.hpp"

#include "ottobot/testing/manual_clock.hpp"

namespace ottobot {
namespace {

using std::chrono::milliseconds;

TEST(Clock, FormatsTimesAsRfc3339InUtc) {
  EXPECT_EQ(to_rfc3339(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_rfc3339(1'751'536'800'007), "2025-07-03T10:00:00.007Z");
  EXPECT_EQ(to_rfc3339(-1), "1969-12-31T23:59:59.999Z");
}

TEST(SystemClock, SleepEndsWithTheStopToken) {
  std::stop_source stop;
  CallContext ctx;
  ctx.stop = stop.get_token();
  std::jthread stopper([&] { stop.request_stop(); });
  const auto slept = system_clock().sleep_for(std::chrono::hours(1), ctx);
  ASSERT_FALSE(slept);
  EXPECT_EQ(slept.error().code, ErrorCode::cancelled);
}

TEST(SystemClock, SleepEndsWithTheDeadline) {
  const auto slept = system_clock().sleep_for(std::chrono::hours(1), with_timeout(milliseconds(5)));
  ASSERT_FALSE(slept);
  EXPECT_EQ(slept.error().code, ErrorCode::deadline_exceeded);
}

TEST(ManualClock, WakesASleeperWhenTheTimeHasComeAndNotBefore) {
  testing::ManualClock clock;
  const UnixMillis before = clock.now_ms();
  std::jthread sleeper([&] { EXPECT_TRUE(clock.sleep_for(milliseconds(100), CallContext{})); });
  while (clock.sleepers() == 0) std::this_thread::yield();
  clock.advance(milliseconds(60));
  EXPECT_EQ(clock.sleepers(), 1);
  clock.advance(milliseconds(40));
  sleeper.join();
  EXPECT_EQ(clock.now_ms() - before, 100);
}

}  // namespace
}  // namespace ottobot
