#include "worker/warm_pool.hpp"

#include <thread>

#include "worker/worker_fixture.hpp"

namespace ottobot::worker {
namespace {

using namespace std::chrono_literals;
using ottobot::testing::failed_with;
using ottobot::testing::succeeded;
using ottobot::testing::value_of;

class WarmPoolTest : public WorkerTest {
 protected:
  void fill(int size) {
    WarmPoolOptions options;
    options.size = size;
    options.default_environment = "node";
    options.refill_delay = 0ms;
    options.launch_params = [this](const std::string& id, const std::string& image, const std::string& environment) {
      return sandbox_params(id, image, environment, store_->store_id(), {});
    };
    pool_.emplace(backend_, clock_, null_logger(), options);
  }

  static bool eventually(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!holds() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(1ms);
    return holds();
  }
  bool wait_for_spares(int count) const {
    return eventually([&] { return pool_->ready() == count; });
  }

  std::size_t sandboxes() { return value_of(backend_.list({}, {})).size(); }

  std::optional<WarmPool> pool_;
};

TEST_F(WarmPoolTest, ASpareIsTakenOnceAndReplaced) {
  fill(2);
  ASSERT_TRUE(wait_for_spares(2));
  const auto first = pool_->take("", "node"), second = pool_->take("", "node");
  ASSERT_TRUE(first && second);
  EXPECT_NE(*first, *second);
  const Sandbox spare = value_of(backend_.inspect(sandbox_name(*first), {}));
  EXPECT_EQ(spare.labels.at(labels::kSession), *first);
  EXPECT_EQ(spare.labels.at(labels::kInstance), store_->store_id());
  EXPECT_EQ(spare.state, SandboxState::paused);
  ASSERT_TRUE(wait_for_spares(2));
  const auto third = pool_->take("", "node");
  ASSERT_TRUE(third);
  EXPECT_TRUE(*third != *first && *third != *second);
}

TEST_F(WarmPoolTest, ASessionThatTakesOneRunsInIt) {
  fill(1);
  ASSERT_TRUE(wait_for_spares(1));
  const auto id = pool_->take("", "node");
  ASSERT_TRUE(id);
  CreateSessionParams params;
  params.row.id = *id;
  params.row.pending = true;
  params.row.timeout_s = 3600;
  params.row.expires_at = clock_.now_ms() + 1;
  params.events = {events::session_created({"Go", "node", "scripted:test", ""}), events::user_prompt("Go")};
  ASSERT_TRUE(succeeded(store_->create_session(params, {})));
  ASSERT_TRUE(succeeded(run(*id)));
  EXPECT_EQ(row(*id).status, SessionStatus::ready);
  EXPECT_EQ(backend_.starts(sandbox_name(*id)), 1);
}

TEST_F(WarmPoolTest, WhatWasAskedForIsThereTheNextTime) {
  fill(1);
  ASSERT_TRUE(wait_for_spares(1));
  EXPECT_EQ(pool_->take("", "python"), std::nullopt);
  ASSERT_TRUE(wait_for_spares(2));
  EXPECT_TRUE(pool_->take("", "python"));
}

TEST_F(WarmPoolTest, KindsThatNobodyWantsAnyMoreGoFirst) {
  fill(1);
  ASSERT_TRUE(wait_for_spares(1));
  const std::string oldest = value_of(backend_.list({}, {})).at(0).name;
  for (const char* environment : {"a", "b", "c", "d"}) {
    clock_.advance(1s);
    (void)pool_->take("", environment);
  }
  EXPECT_TRUE(eventually([&] { return !backend_.inspect(oldest, {}) && pool_->ready() == 4; }));
  EXPECT_EQ(sandboxes(), 4u);
}

TEST_F(WarmPoolTest, DrainingRemovesWhatWaitsAndNothingElse) {
  fill(3);
  ASSERT_TRUE(wait_for_spares(3));
  const auto taken = pool_->take("", "node");
  ASSERT_TRUE(taken);
  pool_->drain(20s);
  EXPECT_EQ(sandboxes(), 1u);
  EXPECT_TRUE(succeeded(backend_.inspect(sandbox_name(*taken), {})));
  EXPECT_EQ(pool_->take("", "node"), std::nullopt);
}

TEST_F(WarmPoolTest, ALaunchThatFailsIsTriedAgainLater) {
  backend_.fail_next("launch", unavailable("no room").value());
  fill(1);
  clock_.advance(1s);
  std::this_thread::yield();
  EXPECT_FALSE(pool_->take("", "python"));  // another kind is not held up by it
  ASSERT_TRUE(wait_for_spares(1));
  clock_.advance(1min);
  EXPECT_FALSE(pool_->take("x", "node"));  // wakes it
  ASSERT_TRUE(wait_for_spares(2));
}

TEST_F(WarmPoolTest, OfNoneGivesNone) {
  fill(0);
  EXPECT_EQ(pool_->take("", "node"), std::nullopt);
  EXPECT_FALSE(pool_->holds("node"));
  EXPECT_EQ(sandboxes(), 0u);
}

TEST_F(WarmPoolTest, HoldsWhatWasTakenUntilItsSessionIsSurelyStored) {
  fill(1);
  ASSERT_TRUE(wait_for_spares(1));
  const auto id = pool_->take("", "node");
  ASSERT_TRUE(id);
  EXPECT_TRUE(pool_->holds(*id));
  clock_.advance(2min);
  EXPECT_FALSE(pool_->holds(*id));
}

}  // namespace
}  // namespace ottobot::worker
