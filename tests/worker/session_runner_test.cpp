#include "worker/session_runner.hpp"

#include <filesystem>

#include "ottobot/testing/faulty_session_store.hpp"
#include "worker/worker_fixture.hpp"

namespace ottobot::worker {
namespace {

using ottobot::testing::failed_with;
using ottobot::testing::FaultySessionStore;
using ottobot::testing::succeeded;

Json step(const std::string& text, const std::string& command = {}) {
  Json step{{"text", text}};
  if (!command.empty()) {
    step["tool_calls"] = Json::array({{{"name", "execute_command"}, {"args", {{"command", command}}}}});
  }
  return step;
}

class SessionRunnerTest : public WorkerTest {
 protected:
  SessionRunnerTest() {
    Json scenario;
    scenario["turns"] = Json::array(
        {{{"prompt", 1}, {"steps", {step("Making", "mkdir empty; echo kept > kept; chmod 640 kept"), step("Made")}}},
         {{"steps", {step("Looking", "cat kept; stat -c %a kept; ls -d empty"), step("Looked")}}}});
    use_scenario(scenario);
  }

  std::vector<std::string> outcomes(const std::string& id) {
    std::vector<std::string> outcomes;
    for (const Event& event : events(id, EventType::turn_finished)) {
      outcomes.push_back(get_string(event.data, "outcome"));
    }
    return outcomes;
  }

  void expire(const std::string& id) {
    clock_.advance(std::chrono::seconds(3600));
    ASSERT_TRUE(succeeded(run(id)));
    ASSERT_EQ(row(id).status, SessionStatus::terminated);
    ASSERT_EQ(row(id).phase, phase::kExpired);
    ASSERT_FALSE(row(id).archive_blob.empty());
  }

  void expect_files(const std::string& id) {
    const auto results = events(id, EventType::tool_result);
    ASSERT_EQ(results.size(), 2u);
    const Json* content = find_member(results[1].data, "content");
    ASSERT_NE(content, nullptr);
    EXPECT_NE(text_of_content(*content).find("kept\n640\nempty"), std::string::npos) << *content;
    EXPECT_EQ(row(id).status, SessionStatus::ready);
    EXPECT_EQ(row(id).archive_blob, "");
    EXPECT_EQ(row(id).purge_at, 0);
  }

  // What an owner leaves that died half way: a sandbox with some of the session's files.
  void leave_half_filled(const std::string& id) {
    AppendOwnerParams mark;
    mark.session_id = id;
    mark.patch.restoring = true;
    const Lease dead = own(id);
    mark.epoch = dead.epoch;
    ASSERT_TRUE(succeeded(store_->append_owner(mark, {})));
    ASSERT_TRUE(succeeded(store_->release_lease(dead, {})));
    ASSERT_TRUE(succeeded(backend_.launch(sandbox_params(id, "", "full-stack", store_->store_id(), {}), nullptr, {})));
    machine(id).workspace.write("kept", "ke");
  }

  const std::vector<std::string> twice_completed_{"completed", "completed"};
};

TEST_F(SessionRunnerTest, RunsEveryPromptInOrderAndThenRests) {
  const std::string id = create();
  prompt(id, "Second");
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(outcomes(id), twice_completed_);
  EXPECT_EQ(machine(id).workspace.read("kept"), "kept\n");
  EXPECT_EQ(row(id).status, SessionStatus::ready);
  EXPECT_FALSE(row(id).pending);
  EXPECT_EQ(row(id).expires_at, clock_.now_ms() + 3600 * 1000);
  EXPECT_EQ(backend_.starts(sandbox_name(id)), 1);
  const auto changed = events(id, EventType::workspace_changed);
  ASSERT_EQ(changed.size(), 2u);
  EXPECT_EQ(changed[0].seq + 1, events(id, EventType::turn_finished)[0].seq);
}

TEST_F(SessionRunnerTest, ALaunchThatFailsSaysWhyAndTheNextPromptTriesAgain) {
  const std::string id = create();
  backend_.fail_next("launch", unavailable("no room", "make room").value());
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(outcomes(id), std::vector<std::string>{"failed"});
  EXPECT_EQ(row(id).status, SessionStatus::error);
  EXPECT_NE(row(id).error.find("no room (make room)"), std::string::npos) << row(id).error;
  prompt(id, "Again");
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(row(id).status, SessionStatus::ready);
  EXPECT_EQ(row(id).error, "");
}

TEST_F(SessionRunnerTest, WhileNothingCanBeLaunchedASessionWaitsAndLeavesNoTrace) {
  bool launches = false;
  dependencies_.check_launches = [&]() -> Result<void> {
    if (launches) return {};
    return unavailable("no engine");
  };
  const std::string id = create();
  const auto last_seq = row(id).last_seq;
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(failed_with(ErrorCode::unavailable, run(id)));
  EXPECT_EQ(row(id).last_seq, last_seq);
  EXPECT_TRUE(row(id).pending);
  launches = true;
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(outcomes(id), std::vector<std::string>{"completed"});
  launches = false;  // one whose sandbox runs needs none
  prompt(id, "Second");
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(outcomes(id), twice_completed_);
}

TEST_F(SessionRunnerTest, ASessionDoesNotWaitForALaunchBeyondItsTime) {
  dependencies_.check_launches = [] { return Result<void>(unavailable("no engine")); };
  const std::string id = create();
  EXPECT_TRUE(failed_with(ErrorCode::unavailable, run(id)));
  clock_.advance(std::chrono::seconds(3601));
  backend_.fail_next("launch", unavailable("no engine").value());
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(outcomes(id), std::vector<std::string>{"failed"});
}

TEST_F(SessionRunnerTest, WhatIsDeletedDuringItsLaunchDoesNotBecomeReady) {
  const std::string id = create();
  during_launch_ = [&] { ASSERT_TRUE(succeeded(sessions_->remove(id, {}, {}))); };
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(row(id).status, SessionStatus::terminated);
  std::vector<std::string> statuses;
  for (const Event& event : events(id, EventType::status_changed)) statuses.push_back(get_string(event.data, "status"));
  EXPECT_EQ(statuses, (std::vector<std::string>{"terminating", "terminated"}));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, backend_.inspect(sandbox_name(id), {})));
}

TEST_F(SessionRunnerTest, DeletingRemovesTheSandboxAndKeepsTheArchive) {
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  ASSERT_TRUE(succeeded(sessions_->remove(id, {}, {})));
  EXPECT_EQ(row(id).phase, phase::kReady);
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(row(id).status, SessionStatus::terminated);
  EXPECT_EQ(row(id).phase, phase::kReady);
  EXPECT_FALSE(row(id).archive_blob.empty());
  EXPECT_EQ(row(id).purge_at, clock_.now_ms() + options_.retention.count());
  EXPECT_TRUE(failed_with(ErrorCode::not_found, backend_.inspect(sandbox_name(id), {})));
}

TEST_F(SessionRunnerTest, AnExpiredSessionComesBackWhereTheBackendKeepsNoFiles) {
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  expire(id);
  prompt(id, "Look");
  ASSERT_TRUE(succeeded(run(id)));
  expect_files(id);
}

TEST_F(SessionRunnerTest, AnArchiveGoesWhenTheFilesAreBack) {
  options_.snapshot_limit_bytes = 0;  // of the same small files: it would be the same blob
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  for (int round = 0; round < 3; ++round) {
    expire(id);
    const std::string archive = row(id).archive_blob;
    EXPECT_TRUE(succeeded(store_->open_blob(id, archive, {})));
    prompt(id, "Look");
    ASSERT_TRUE(succeeded(run(id)));
    EXPECT_EQ(row(id).archive_blob, "");
    EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->open_blob(id, archive, {})));
    EXPECT_EQ(machine(id).workspace.read("kept"), "kept\n");
  }
}

TEST_F(SessionRunnerTest, AnExpiredSessionComesBackWhenItsSandboxIsGone) {
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  expire(id);
  ASSERT_TRUE(succeeded(backend_.remove(sandbox_name(id), {})));
  prompt(id, "Look");
  ASSERT_TRUE(succeeded(run(id)));
  expect_files(id);
}

TEST_F(SessionRunnerTest, FilesThatCameBackInPartAreBroughtBackByTheNextOwner) {
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  expire(id);
  ASSERT_TRUE(succeeded(backend_.remove(sandbox_name(id), {})));
  leave_half_filled(id);
  prompt(id, "Look");
  ASSERT_TRUE(succeeded(run(id)));
  expect_files(id);
}

TEST_F(SessionRunnerTest, ABackendThatDoesNotAnswerFailsTheStartInsteadOfTheFiles) {
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  expire(id);
  ASSERT_TRUE(succeeded(backend_.remove(sandbox_name(id), {})));
  backend_.fail_next("inspect", unavailable("the engine is away", "start it").value());
  prompt(id, "Look");
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(row(id).status, SessionStatus::error);
  EXPECT_NE(row(id).error.find("the engine is away (start it)"), std::string::npos) << row(id).error;
  EXPECT_FALSE(row(id).archive_blob.empty());
  EXPECT_TRUE(failed_with(ErrorCode::not_found, backend_.inspect(sandbox_name(id), {})));
  prompt(id, "Look");
  ASSERT_TRUE(succeeded(run(id)));
  expect_files(id);
}

TEST_F(SessionRunnerTest, ASandboxThatIsLostComesBackWithTheFilesOfTheLastSnapshot) {
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  const std::string snapshot = row(id).snapshot_blob;
  ASSERT_FALSE(snapshot.empty());
  ASSERT_TRUE(succeeded(backend_.remove(sandbox_name(id), {})));
  prompt(id, "Look");
  ASSERT_TRUE(succeeded(run(id)));
  expect_files(id);
  EXPECT_EQ(outcomes(id), twice_completed_);
}

TEST_F(SessionRunnerTest, ASandboxThatRanBeforeIsStartedAgainWhenItDiesInItsStart) {
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  backend_.crash(sandbox_name(id));
  backend_.fail_next("launch", unavailable("its daemon ended").value(), 3);
  prompt(id, "Look");
  ASSERT_TRUE(succeeded(run(id)));
  expect_files(id);
  backend_.crash(sandbox_name(id));
  backend_.fail_next("launch", unavailable("its daemon ended").value(), 4);
  prompt(id, "Look");
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(row(id).status, SessionStatus::error) << "not for ever";
}

TEST_F(SessionRunnerTest, AWorkspaceThatIsLostWithADeadSandboxComesBack) {
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  backend_.crash(sandbox_name(id));  // the fake's next life has an empty workspace
  prompt(id, "Look");
  ASSERT_TRUE(succeeded(run(id)));
  expect_files(id);
}

TEST_F(SessionRunnerTest, FilesThatTheAgentDeletedStayDeletedWhileTheSandboxLives) {
  Json scenario;
  scenario["turns"] = Json::array({{{"prompt", 1}, {"steps", {step("Making", "echo kept > kept"), step("Made")}}},
                                   {{"steps", {step("Deleting", "rm kept"), step("Deleted")}}}});
  use_scenario(scenario);
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  prompt(id, "Delete");
  ASSERT_TRUE(succeeded(run(id)));
  prompt(id, "Look");
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_FALSE(std::filesystem::exists(machine(id).workspace / "kept"));
}

TEST_F(SessionRunnerTest, AHalfFilledSandboxIsFilledByTheNextOwner) {
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  ASSERT_TRUE(succeeded(backend_.remove(sandbox_name(id), {})));
  leave_half_filled(id);
  prompt(id, "Look");
  ASSERT_TRUE(succeeded(run(id)));
  expect_files(id);
  EXPECT_FALSE(row(id).restoring);
}

TEST_F(SessionRunnerTest, AHalfFilledSandboxIsNobodysArchive) {
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  const std::string snapshot = row(id).snapshot_blob;
  ASSERT_TRUE(succeeded(backend_.remove(sandbox_name(id), {})));
  leave_half_filled(id);
  ASSERT_TRUE(succeeded(sessions_->remove(id, {}, {})));
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(row(id).archive_blob, snapshot);
}

TEST_F(SessionRunnerTest, ASandboxThatCannotBeFilledIsNoSnapshot) {
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  const std::string snapshot = row(id).snapshot_blob;
  ASSERT_TRUE(succeeded(backend_.remove(sandbox_name(id), {})));
  FaultySessionStore store(*store_);
  store.inject({.error = unavailable("the blob cannot be read").value(), .count = SIZE_MAX, .method = "open_blob"});
  prompt(id, "Look");
  ASSERT_TRUE(succeeded(run_over(store, id)));
  EXPECT_EQ(row(id).status, SessionStatus::error);
  EXPECT_EQ(row(id).snapshot_blob, snapshot);
  prompt(id, "Look");
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(row(id).status, SessionStatus::ready);
  EXPECT_EQ(machine(id).workspace.read("kept"), "kept\n");
}

TEST_F(SessionRunnerTest, WhatASessionCameBackWithIsItsSnapshot) {
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  expire(id);
  EXPECT_EQ(row(id).snapshot_blob, "");
  Json scenario;
  scenario["turns"] = Json::array({{{"steps", {step("Only talking")}}}});
  use_scenario(scenario);
  prompt(id, "Talk");
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(row(id).archive_blob, "");
  ASSERT_FALSE(row(id).snapshot_blob.empty());
  EXPECT_TRUE(succeeded(store_->open_blob(id, row(id).snapshot_blob, {})));
}

TEST_F(SessionRunnerTest, ALineInTheLogOfAnIdleSessionTakesNoSnapshot) {
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  const std::string snapshot = row(id).snapshot_blob;
  machine(id).workspace.write("later", "not by a turn");
  AppendParams line;
  line.session_id = id;
  line.events = {events::log(LogLevel::info, "A person controls the desktop")};
  ASSERT_TRUE(succeeded(store_->post_inbox(line, {})));
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(row(id).snapshot_blob, snapshot);
}

TEST_F(SessionRunnerTest, ARestoredSandboxIsNotFilledAgainByTheNextOwner) {
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  ASSERT_TRUE(succeeded(backend_.remove(sandbox_name(id), {})));
  prompt(id, "Look");
  ASSERT_TRUE(succeeded(run(id)));
  machine(id).workspace.write("kept", "newer\n");
  prompt(id, "Look again");
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(machine(id).workspace.read("kept"), "newer\n");
}

TEST_F(SessionRunnerTest, EachSnapshotTakesThePlaceOfTheFormer) {
  Json scenario;
  scenario["turns"] = Json::array({{{"steps", {step("Making", "echo x >> kept"), step("Made")}}}});
  use_scenario(scenario);
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  const std::string first = row(id).snapshot_blob;
  prompt(id, "More");
  ASSERT_TRUE(succeeded(run(id)));
  const std::string second = row(id).snapshot_blob;
  EXPECT_NE(first, second);
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->open_blob(id, first, {})));
  EXPECT_TRUE(succeeded(store_->open_blob(id, second, {})));
  ASSERT_TRUE(succeeded(sessions_->remove(id, {}, {})));
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(row(id).snapshot_blob, "");
  EXPECT_FALSE(row(id).archive_blob.empty());
  EXPECT_TRUE(succeeded(store_->open_blob(id, row(id).archive_blob, {})));
}

TEST_F(SessionRunnerTest, ADeletedSessionWhoseSandboxIsGoneKeepsItsSnapshotAsArchive) {
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  const std::string snapshot = row(id).snapshot_blob;
  ASSERT_TRUE(succeeded(backend_.remove(sandbox_name(id), {})));
  ASSERT_TRUE(succeeded(sessions_->remove(id, {}, {})));
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(row(id).archive_blob, snapshot);
  EXPECT_TRUE(succeeded(store_->open_blob(id, snapshot, {})));
}

TEST_F(SessionRunnerTest, AWorkspaceThatIsTooLargeIsNotKeptAndTheLogSaysSo) {
  options_.snapshot_limit_bytes = 100;
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(row(id).snapshot_blob, "");
  EXPECT_EQ(row(id).status, SessionStatus::ready);
  const auto lines = events(id, EventType::log);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(get_string(lines[0].data, "level"), "warn");
}

TEST_F(SessionRunnerTest, WithoutALimitNoSnapshotIsTaken) {
  options_.snapshot_limit_bytes = 0;
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(row(id).snapshot_blob, "");
  EXPECT_TRUE(events(id, EventType::log).empty());
}

TEST_F(SessionRunnerTest, AnAbandonedRunLeavesTheSessionForTheNextOwner) {
  const std::string id = create();
  std::stop_source abandon;
  abandon.request_stop();
  EXPECT_FALSE(run(id, abandon.get_token()));
  EXPECT_TRUE(row(id).pending);
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(outcomes(id), std::vector<std::string>{"completed"});
}

TEST_F(SessionRunnerTest, TheAgentKeepsItsHandsOffADesktopThatAPersonControls) {
  Json clicks = step("Clicking", "echo kept > kept");
  clicks["tool_calls"].push_back({{"name", "gui_click"}, {"args", {{"x", 1}, {"y", 1}}}});
  use_scenario({{"turns", {{{"steps", {clicks, step("Later then")}}}}}});
  options_.desktop_patience = std::chrono::milliseconds(0);
  std::string asked;
  dependencies_.person_controls_desktop = [&](const std::string& session_id) {
    asked = session_id;
    return true;
  };
  const std::string id = create();
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(asked, id);
  const auto results = events(id, EventType::tool_result);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(get_string(results[0].data, "outcome"), "ok") << "a command is no input";
  EXPECT_EQ(get_string(results[1].data, "outcome"), "not_run");
  EXPECT_NE(text_of_content(*find_member(results[1].data, "content")).find("a person controls"), std::string::npos);
  EXPECT_EQ(outcomes(id), std::vector<std::string>{"completed"});
}

TEST_F(SessionRunnerTest, AStaleOwnerWritesNothing) {
  const std::string id = create();
  const Lease stale = own(id);
  ASSERT_TRUE(succeeded(store_->release_lease(stale, {})));
  const Lease newer = own(id);
  const Seq before = row(id).last_seq;
  SessionRunner runner(dependencies_, options_, ports_, disk_, stale, {});
  EXPECT_TRUE(failed_with(ErrorCode::fenced, runner.run()));
  EXPECT_EQ(row(id).last_seq, before);
  EXPECT_TRUE(succeeded(store_->release_lease(newer, {})));
}

// Wherever in a turn the store runs out of room: nothing of it is lost, and it is not the turn that fails.
TEST_F(SessionRunnerTest, ATurnOutlivesAStoreThatHasNoRoom) {
  use_scenario({{"turns",
                 {{{"steps",
                    {{{"text", "Looking"}, {"tool_calls", {{{"name", "list_files"}, {"args", Json::object()}}}}},
                     {{"text", "Done."}}}}}}}});
  testing::FaultySessionStore full(*store_);
  WorkerDependencies dependencies{
      full, *queue_, backend_, *http_, *server_, clock_, null_logger(), dependencies_.models, {}, {}, {}};
  bool reached_the_end = false;
  for (std::size_t commits = 0; !reached_the_end; ++commits) {
    SCOPED_TRACE(std::to_string(commits) + " commits find room");
    ASSERT_LT(commits, 50U);
    const std::string id = create();
    full.inject({.error = resource_exhausted("the disk is full").value(),
                 .skip = commits,
                 .count = 1'000'000,
                 .method = "append_owner"});
    const auto attempt = [&] {
      const Lease lease = own(id);
      const auto done = SessionRunner(dependencies, options_, ports_, disk_, lease, {}).run();
      EXPECT_TRUE(testing::succeeded(store_->release_lease(lease, {})));
      return done;
    };
    reached_the_end = attempt().has_value();
    full.heal();
    EXPECT_TRUE(testing::succeeded(attempt()));
    const auto ends = events(id, EventType::turn_finished);
    ASSERT_EQ(ends.size(), 1U);
    EXPECT_EQ(get_string(ends[0].data, "outcome"), "completed") << ends[0].data;
    EXPECT_EQ(events(id, EventType::tool_result).size(), 1U);
    EXPECT_EQ(row(id).status, SessionStatus::ready);
  }
}

}  // namespace
}  // namespace ottobot::worker
