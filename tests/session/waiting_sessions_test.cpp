#include "session/waiting_sessions.hpp"

#include <gtest/gtest.h>

#include "ottobot/stores/memory.hpp"
#include "ottobot/testing/manual_clock.hpp"
#include "ottobot/testing/results.hpp"

namespace ottobot::session {
namespace {

using testing::value_of;

class WaitingSessionsTest : public ::testing::Test {
 protected:
  void push(const std::string& queue, const std::string& id) {
    EXPECT_TRUE(value_of(queue_->push({queue, id, {}}, ctx_)));
  }
  bool has_room(std::size_t limit) { return value_of(waiting_.has_room(limit, ctx_)); }

  testing::ManualClock clock_;
  const CallContext ctx_ = with_timeout(std::chrono::seconds(10));
  std::unique_ptr<Queue> queue_ = make_memory_queue(clock_);
  WaitingSessions waiting_{*queue_, clock_};
};

TEST_F(WaitingSessionsTest, ASessionThatStandsInSeveralQueuesCountsOnce) {
  push("a", "s");
  push("b", "s");
  push("b", "t");
  EXPECT_TRUE(value_of(queue_->push({"c", "s", std::chrono::seconds(5)}, ctx_)));
  EXPECT_EQ(value_of(count_waiting(*queue_, value_of(queue_->queues(ctx_)), ctx_)), 2u);
  EXPECT_TRUE(has_room(3));
  EXPECT_FALSE(has_room(2));
  ASSERT_TRUE(value_of(queue_->lease({{"b"}, "w"}, ctx_)));
  EXPECT_EQ(value_of(count_waiting(*queue_, value_of(queue_->queues(ctx_)), ctx_)), 2u) << "it waits elsewhere";
}

TEST_F(WaitingSessionsTest, TheQueueIsAskedTwiceASecondAndBeforeAnybodyIsRefused) {
  push("a", "s");
  EXPECT_TRUE(has_room(2));
  push("a", "t");  // by another process
  EXPECT_TRUE(has_room(2)) << "not asked again so soon";
  clock_.advance(std::chrono::milliseconds(500));
  EXPECT_FALSE(has_room(2));
  EXPECT_EQ(value_of(queue_->drain("a", ctx_)).size(), 2u);
  EXPECT_TRUE(has_room(2)) << "refused only by what is so";
  for (const char* id : {"u", "v"}) {
    push("a", id);
    waiting_.count_pushed(1);
  }
  EXPECT_FALSE(has_room(2)) << "what this process pushes counts at once";
}

}  // namespace
}  // namespace ottobot::session
