#include "worker/reaper.hpp"

#include "worker/worker_fixture.hpp"

namespace ottobot::worker {
namespace {

using ottobot::testing::failed_with;
using ottobot::testing::succeeded;
using ottobot::testing::value_of;

class ReaperTest : public WorkerTest {
 protected:
  void launch(const std::string& name, std::map<std::string, std::string> labels) {
    LaunchParams params;
    params.name = name;
    params.labels = std::move(labels);
    ASSERT_TRUE(succeeded(backend_.launch(params, nullptr, {})));
  }
  void launch_for(const std::string& id, const std::string& instance) {
    launch(sandbox_name(id), {{labels::kSession, id}, {labels::kInstance, instance}});
  }
  void launch_for(const std::string& id) { launch_for(id, store_->store_id()); }

  void set(const std::string& id, SessionStatus status, std::string_view phase, bool pending = false) {
    const Lease lease = own(id);
    AppendOwnerParams params;
    params.session_id = id;
    params.epoch = lease.epoch;
    params.patch.status = status;
    params.patch.phase = std::string(phase);
    params.patch.pending = pending;
    if (status == SessionStatus::terminated) params.patch.purge_at = clock_.now_ms() + options_.retention.count();
    ASSERT_TRUE(succeeded(store_->append_owner(params, {})));
    ASSERT_TRUE(succeeded(store_->release_lease(lease, {})));
  }

  std::set<std::string> sandboxes() {
    std::set<std::string> names;
    for (const Sandbox& sandbox : value_of(backend_.list({}, {}))) names.insert(sandbox.name);
    return names;
  }
  bool is_known(const std::string& id) { return store_->get_session(id, {}).has_value(); }

  WarmPool spares_{backend_, clock_, null_logger(), {}};
  session::WorkerRoster roster_{*queue_, clock_};
  Reaper reaper_{dependencies_, options_, ports_, spares_, roster_};
};

TEST_F(ReaperTest, RemovesSandboxesThatNoSessionHasAnyMoreAndOnlyThose) {
  const std::string live = create(), deleted = create(), expired = create();
  set(deleted, SessionStatus::terminated, phase::kReady);
  set(expired, SessionStatus::terminated, phase::kExpired);
  for (const std::string& id : {live, deleted, expired, std::string("unknown")}) launch_for(id);
  launch("ob-nameless", {{labels::kInstance, store_->store_id()}});
  launch_for("foreign", "another-store");
  reaper_.remove_strays({});
  EXPECT_EQ(sandboxes(), (std::set<std::string>{sandbox_name(live), sandbox_name(expired), sandbox_name("foreign")}));
}

TEST_F(ReaperTest, LeavesSparesAlone) {
  WarmPoolOptions options;
  options.size = 1;
  options.launch_params = [this](const std::string& id, const std::string& image, const std::string& environment) {
    return sandbox_params(id, image, environment, store_->store_id(), {});
  };
  WarmPool spares(backend_, clock_, null_logger(), options);
  Reaper reaper(dependencies_, options_, ports_, spares, roster_);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (spares.ready() == 0 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  reaper.remove_strays({});
  ASSERT_EQ(spares.ready(), 1);
  EXPECT_EQ(testing::value_of(backend_.list({}, {})).size(), 1u);
  reaper_.remove_strays({});  // of a server that knows nothing of them
  EXPECT_TRUE(testing::value_of(backend_.list({}, {})).empty());
}

TEST_F(ReaperTest, LeavesSandboxesAloneWhileTheStoreDoesNotAnswer) {
  launch_for(create());
  CallContext over;
  over.deadline = SteadyTime::min();
  reaper_.remove_strays(over);
  EXPECT_EQ(sandboxes().size(), 1u);
}

TEST_F(ReaperTest, GivesBackPortsWhoseSessionWasNeverCreated) {
  const std::string live = create();
  const auto lease = [&](const std::string& id) { return store_->lease_port({"here", "vnc", 1, 2, id}, {}); };
  ASSERT_TRUE(succeeded(lease(live)));
  ASSERT_TRUE(succeeded(lease("about-to-be")));
  ASSERT_TRUE(succeeded(store_->lease_port({"elsewhere", "vnc", 1, 2, "not-ours"}, {})));
  reaper_.remove_strays({});
  EXPECT_TRUE(failed_with(ErrorCode::resource_exhausted, lease("other"))) << "it may be about to be created";
  reaper_.remove_strays({});
  EXPECT_TRUE(succeeded(lease("other")));
  EXPECT_TRUE(failed_with(ErrorCode::resource_exhausted, lease("one more")));
  EXPECT_EQ(value_of(store_->port_holders("elsewhere", {})).size(), 1u);
}

TEST_F(ReaperTest, QueuesASessionWhoseTimeIsOver) {
  const std::string id = create();
  const auto job = value_of(queue_->lease({{kSharedQueue}, "w"}, {}));
  ASSERT_TRUE(job);
  ASSERT_TRUE(succeeded(queue_->complete(*job, {})));
  reaper_.end_expired({});
  EXPECT_EQ(value_of(queue_->counts(kSharedQueue, {})).waiting, 0u);
  clock_.advance(std::chrono::seconds(3600));
  reaper_.end_expired({});
  EXPECT_EQ(value_of(queue_->counts(kSharedQueue, {})).waiting, 1u);
}

TEST_F(ReaperTest, PurgesAnEndedSessionWhenItsRetentionIsOver) {
  const std::string id = create();
  set(id, SessionStatus::terminated, phase::kExpired);
  launch_for(id);
  clock_.advance(options_.retention - std::chrono::seconds(1));
  reaper_.end_expired({});
  EXPECT_TRUE(is_known(id));
  clock_.advance(std::chrono::seconds(1));
  reaper_.end_expired({});
  EXPECT_FALSE(is_known(id));
  EXPECT_TRUE(sandboxes().empty());
}

TEST_F(ReaperTest, SparesAnEndedSessionThatAPromptIsWaking) {
  const std::string id = create();
  set(id, SessionStatus::terminated, phase::kExpired);
  clock_.advance(options_.retention);
  const Lease waking = own(id);
  reaper_.end_expired({});
  EXPECT_TRUE(is_known(id));
  ASSERT_TRUE(succeeded(store_->release_lease(waking, {})));
  prompt(id, "wake up");
  reaper_.end_expired({});
  EXPECT_TRUE(is_known(id));
}

}  // namespace
}  // namespace ottobot::worker
