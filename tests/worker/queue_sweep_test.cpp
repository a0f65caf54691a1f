#include "worker/queue_sweep.hpp"

#include <gtest/gtest.h>

#include "ottobot/session/session_service.hpp"
#include "ottobot/stores/memory.hpp"
#include "ottobot/testing/manual_clock.hpp"
#include "ottobot/testing/results.hpp"
#include "session/worker_roster.hpp"

namespace ottobot::worker {
namespace {

using testing::succeeded;
using testing::value_of;

class QueueSweepTest : public ::testing::Test {
 protected:
  void push(const std::string& queue, const std::string& id) {
    EXPECT_TRUE(value_of(queue_->push({queue, id, {}}, {})));
  }
  std::vector<std::string> names() {
    std::vector<std::string> names;
    for (const auto& queue : value_of(queue_->queues({}))) names.push_back(queue.name);
    return names;
  }
  void pass_patience() {
    sweep_.run({});
    clock_.advance(QueueSweep::kPatience);
    sweep_.run({});
  }

  testing::ManualClock clock_;
  std::unique_ptr<Queue> queue_ = make_memory_queue(clock_);
  std::vector<std::string> moved_;
  QueueSweep sweep_{*queue_, clock_, null_logger(),
                    [this](const std::string& id, const CallContext&) { moved_.push_back(id); }};
  const std::string gone_ = session::queue_of_worker("gone");
};

TEST_F(QueueSweepTest, MovesWhatIsPushedToAWorkerThatIsGoneAndForgetsItsQueue) {
  push(gone_, "s");
  sweep_.run({});
  clock_.advance(QueueSweep::kPatience - std::chrono::milliseconds(1));
  sweep_.run({});
  EXPECT_TRUE(moved_.empty()) << "a worker that starts may not be announced yet";
  clock_.advance(std::chrono::milliseconds(1));
  sweep_.run({});
  EXPECT_EQ(moved_, std::vector<std::string>{"s"});
  EXPECT_TRUE(names().empty());
  push(gone_, "late");
  pass_patience();
  EXPECT_EQ(moved_, (std::vector<std::string>{"s", "late"}));
  EXPECT_TRUE(names().empty());
}

TEST_F(QueueSweepTest, LeavesTheSharedQueueAndThoseOfWorkersThatAreKnown) {
  push(kSharedQueue, "s");
  push(session::queue_of_worker("here"), "t");
  ASSERT_TRUE(succeeded(queue_->announce_worker({"here"}, std::chrono::hours(1), {})));
  pass_patience();
  EXPECT_TRUE(moved_.empty());
  EXPECT_EQ(names().size(), 2u);
}

TEST_F(QueueSweepTest, AWorkerThatComesBackHasItsQueueAgain) {
  push(gone_, "s");
  sweep_.run({});
  ASSERT_TRUE(succeeded(queue_->announce_worker({"gone"}, std::chrono::hours(1), {})));
  clock_.advance(QueueSweep::kPatience);
  sweep_.run({});
  ASSERT_TRUE(succeeded(queue_->withdraw_worker("gone", {})));
  sweep_.run({});
  EXPECT_TRUE(moved_.empty()) << "its time is counted anew";
}

TEST_F(QueueSweepTest, KeepsAQueueWithSomethingThatOnlyAPersonCanSettle) {
  push(gone_, "s");
  const auto job = value_of(queue_->lease({{gone_}, "w", std::chrono::seconds(30)}, {}));
  ASSERT_TRUE(job);
  pass_patience();
  EXPECT_EQ(names().size(), 1u) << "it is leased";
  ASSERT_TRUE(succeeded(queue_->fail(*job, {"it broke", 1}, {})));
  pass_patience();
  EXPECT_EQ(names().size(), 1u) << "it is a dead letter";
  ASSERT_TRUE(succeeded(queue_->drop_dead_letters(gone_, "", {})));
  sweep_.run({});
  EXPECT_TRUE(names().empty());
}

}  // namespace
}  // namespace ottobot::worker
