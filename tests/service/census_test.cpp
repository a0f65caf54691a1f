#include "service/census.hpp"

#include <gtest/gtest.h>

#include "ottobot/session/session_service.hpp"
#include "ottobot/stores/memory.hpp"
#include "ottobot/testing/fake_container_backend.hpp"
#include "ottobot/testing/faulty_session_store.hpp"
#include "ottobot/testing/manual_clock.hpp"
#include "ottobot/testing/results.hpp"

namespace ottobot::service {
namespace {

class CensusTest : public ::testing::Test {
 protected:
  CensusTest() {
    CreateSessionParams params;
    params.row.id = "s1";
    EXPECT_TRUE(testing::succeeded(store_->create_session(params, {})));
    LaunchParams launch;
    launch.name = "ob-s1";
    launch.labels = {{labels::kSession, "s1"}, {labels::kInstance, store_->store_id()}};
    EXPECT_TRUE(testing::succeeded(backend_.launch(launch, nullptr, {})));
  }

  // Past the time for which an answer is good.
  Snapshot take_anew() {
    clock_.advance(std::chrono::seconds(3));
    return testing::value_of(census_.take({}));
  }

  testing::ManualClock clock_;
  std::unique_ptr<SessionStore> store_ = make_memory_store(clock_);
  testing::FaultySessionStore faulty_{*store_};
  std::unique_ptr<Queue> queue_ = make_memory_queue(clock_);
  testing::FakeContainerBackend backend_;
  Census census_{faulty_, *queue_, &backend_, clock_};
};

TEST_F(CensusTest, ABackendThatDoesNotAnswerLeavesWhatWasKnownAndSaysSo) {
  ASSERT_EQ(take_anew().sandboxes.size(), 1u);
  backend_.fail_next("list", unavailable("away").value());
  const auto stale = take_anew();
  EXPECT_EQ(stale.sandboxes.size(), 1u);
  EXPECT_EQ(to_json(stale)["sessions_stale"], true);
  EXPECT_EQ(to_json(stale)["sessions"].size(), 1u);
  const auto fresh = take_anew();
  EXPECT_EQ(fresh.sandboxes.size(), 1u);
  EXPECT_FALSE(to_json(fresh).contains("sessions_stale"));
}

TEST_F(CensusTest, AStoreThatDoesNotAnswerInTimeDropsNoSandbox) {
  ASSERT_EQ(take_anew().sandboxes.size(), 1u);
  faulty_.inject({.error = deadline_exceeded().value(), .method = "get_session"});
  EXPECT_EQ(take_anew().sandboxes.size(), 1u);
}

TEST_F(CensusTest, OneUsersViewHasNoSandboxOfAnother) {
  Snapshot snapshot = take_anew();
  ASSERT_EQ(snapshot.sandboxes.size(), 1u);
  snapshot.sandboxes[0].session.user = "alice";
  Snapshot of_bob = snapshot;
  of_bob.keep_sandboxes_of("bob");
  EXPECT_TRUE(of_bob.sandboxes.empty());
  EXPECT_EQ(of_bob.totals.all_sessions(), snapshot.totals.all_sessions()) << "sums are of all";
  snapshot.keep_sandboxes_of("alice");
  snapshot.keep_sandboxes_of("");
  EXPECT_EQ(snapshot.sandboxes.size(), 1u);
}

TEST_F(CensusTest, ASandboxThatIsGoneIsDropped) {
  ASSERT_EQ(take_anew().sandboxes.size(), 1u);
  ASSERT_TRUE(testing::succeeded(backend_.remove("ob-s1", {})));
  const auto now = take_anew();
  EXPECT_TRUE(now.sandboxes.empty());
  EXPECT_FALSE(now.stale_sandboxes);
}

}  // namespace
}  // namespace ottobot::service
