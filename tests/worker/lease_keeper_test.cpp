#include "worker/lease_keeper.hpp"

#include <future>

#include "ottobot/testing/faulty_session_store.hpp"
#include "worker/worker_fixture.hpp"

namespace ottobot::worker {
namespace {

using namespace std::chrono_literals;
using ottobot::testing::failed_with;
using ottobot::testing::succeeded;

constexpr auto kTtl = 2000ms;

// On the real clock, as the keeper's own promise is about it.
class LeaseKeeperTest : public ::testing::Test {
 protected:
  LeaseKeeperTest() {
    CreateSessionParams params;
    params.row.id = "s";
    EXPECT_TRUE(succeeded(store_->create_session(params, {})));
    asked_at_ = std::chrono::steady_clock::now();
    lease_ = ottobot::testing::value_of(store_->acquire_lease({"s", "mine", kTtl}, {}));
  }

  static bool fires_within(const std::stop_token& token, std::chrono::milliseconds time) {
    const auto ctx = with_timeout(time);
    while (!token.stop_requested() && ctx.check()) std::this_thread::sleep_for(5ms);
    return token.stop_requested();
  }
  Result<Lease> take(const std::string& owner) { return faulty_.acquire_lease({"s", owner, kTtl}, {}); }

  std::unique_ptr<SessionStore> store_ = make_memory_store();
  ottobot::testing::FaultySessionStore faulty_{*store_};
  LeaseKeeper keeper_{faulty_, null_logger(), kTtl};
  SteadyTime asked_at_;
  Lease lease_;
};

TEST_F(LeaseKeeperTest, KeepsALeaseBeyondItsTimeAndReleasesItAtTheEnd) {
  {
    LeaseKeeper::Held held(keeper_, lease_, asked_at_);
    const auto ctx = with_timeout(kTtl * 3 / 2);
    while (ctx.check()) {
      ASSERT_TRUE(failed_with(ErrorCode::conflict, take("other")));
      std::this_thread::sleep_for(20ms);
    }
    EXPECT_FALSE(held.lost().stop_requested());
  }
  EXPECT_TRUE(succeeded(take("other")));
}

TEST_F(LeaseKeeperTest, SaysThatALeaseWasTakenOver) {
  LeaseKeeper::Held held(keeper_, lease_, asked_at_);
  const auto taken = take("mine");
  ASSERT_TRUE(succeeded(taken));
  EXPECT_GT(taken->epoch, lease_.epoch);
  EXPECT_TRUE(fires_within(held.lost(), 10s));
}

TEST_F(LeaseKeeperTest, GivesUpBeforeTheLeaseEndsWhenTheStoreIsAway) {
  faulty_.inject({.error = unavailable("away").value(), .count = 1'000'000, .method = "renew_lease"});
  LeaseKeeper::Held held(keeper_, lease_, asked_at_);
  // Told on the keeper's own thread, so that nothing lies between it and the look whether another may own it already.
  std::promise<bool> still_ours;
  const std::stop_callback on_lost(
      held.lost(), [&] { still_ours.set_value(bool(failed_with(ErrorCode::conflict, take("other")))); });
  auto was_still_ours = still_ours.get_future();
  ASSERT_EQ(was_still_ours.wait_for(10s), std::future_status::ready);
  EXPECT_TRUE(was_still_ours.get()) << "nobody else can own it yet";
}

TEST_F(LeaseKeeperTest, CountsFromBeforeALeaseWasAskedFor) {
  faulty_.inject({.error = unavailable("away").value(), .count = 1'000'000, .method = "renew_lease"});
  LeaseKeeper::Held held(keeper_, lease_, asked_at_ - kTtl);
  EXPECT_TRUE(fires_within(held.lost(), kTtl / 4)) << "the store may have given it away already";
}

TEST_F(LeaseKeeperTest, OutlivesAStoreThatIsAwayForAMoment) {
  faulty_.inject({.error = unavailable("away").value(), .count = 1, .method = "renew_lease"});
  LeaseKeeper::Held held(keeper_, lease_, asked_at_);
  EXPECT_FALSE(fires_within(held.lost(), kTtl * 3 / 2));
}

}  // namespace
}  // namespace ottobot::worker
