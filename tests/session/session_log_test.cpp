#include "ottobot/session/session_log.hpp"

#include "ottobot/ids.hpp"
#include "ottobot/session/session_service.hpp"
#include "ottobot/stores/memory.hpp"
#include "ottobot/testing/faulty_session_store.hpp"
#include "ottobot/testing/results.hpp"

namespace ottobot {
namespace {

using testing::failed_with;
using testing::succeeded;

class SessionLogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    CreateSessionParams params;
    params.row.id = id;
    params.events = {events::session_created({"x", "node", "m", ""}), events::user_prompt("x")};
    ASSERT_TRUE(succeeded(store->create_session(params, {})));
  }
  std::unique_ptr<SessionLog> own(const std::string& owner) {
    const auto lease = store->acquire_lease({id, owner, std::chrono::milliseconds(1)}, {});
    EXPECT_TRUE(succeeded(lease));
    auto log = SessionLog::open(*store, *lease, {});
    EXPECT_TRUE(succeeded(log));
    return std::move(*log);
  }
  void post(NewEvent event) { ASSERT_TRUE(succeeded(store->post_inbox({id, {std::move(event)}, {}}, {}))); }

  const std::string id = new_id();
  std::unique_ptr<SessionStore> store = make_memory_store();
};

TEST_F(SessionLogTest, FoldsWhatOthersPostedBetweenItsOwnAppends) {
  auto log = own("a");
  post(events::user_prompt("second"));
  ASSERT_TRUE(succeeded(log->commit({events::log(LogLevel::info, "mine")}, {}, {})));
  EXPECT_EQ(log->state().last_seq(), 4);
  EXPECT_EQ(log->state().queued_prompts().size(), 1u);
}

TEST_F(SessionLogTest, TheRowFollowsTheEvents) {
  auto log = own("a");
  ASSERT_TRUE(succeeded(log->commit({events::status_changed(SessionStatus::running)}, {}, {})));
  ASSERT_TRUE(
      succeeded(log->commit({events::agent_message({Role::model, {TextPart{"hi", nullptr}}}, {10, 5, 0, 0})}, {}, {})));
  EXPECT_EQ(store->get_session(id, {})->status, SessionStatus::running);
  EXPECT_EQ(store->get_session(id, {})->usage.output_tokens, 5);
  ASSERT_TRUE(succeeded(log->commit({events::turn_finished({})}, {}, {})));
  EXPECT_EQ(store->get_session(id, {})->status, SessionStatus::ready);
}

TEST_F(SessionLogTest, CommitIfCurrentLosesAgainstAPromptThatCameIn) {
  auto log = own("a");
  RowPatch idle;
  idle.pending = false;
  post(events::user_prompt("second"));
  EXPECT_TRUE(failed_with(ErrorCode::conflict, log->commit_if_current({}, idle, {})));
  EXPECT_EQ(log->state().queued_prompts().size(), 1u) << "folded meanwhile";
  EXPECT_TRUE(store->get_session(id, {})->pending);
  EXPECT_TRUE(succeeded(log->commit_if_current({}, idle, {})));
  EXPECT_FALSE(store->get_session(id, {})->pending);
}

class SessionLogStagingTest : public SessionLogTest {
 protected:
  static NewEvent answer(int output_tokens) {
    return events::agent_message({Role::model, {TextPart{"hi", nullptr}}}, {10, output_tokens, 0, 0});
  }
  Seq stored() { return store->get_session(id, {})->last_seq; }
  // What another owner would make of the log.
  Json folded_elsewhere() {
    SessionState state;
    const auto events = read_events(*store, {id, 0}, {});
    EXPECT_TRUE(succeeded(events));
    for (const Event& event : *events) state.apply(event);
    return state.to_checkpoint();
  }
};

TEST_F(SessionLogStagingTest, EventsForTheNextCommitAreFoldedNowAndStoredWithIt) {
  auto log = own("a");
  ASSERT_TRUE(succeeded(log->commit_with_next({answer(5)}, {})));
  EXPECT_TRUE(log->state().answered());
  EXPECT_EQ(log->state().last_seq(), 3);
  EXPECT_EQ(stored(), 2);
  ASSERT_TRUE(succeeded(log->commit({answer(7)}, {}, {})));
  EXPECT_EQ(stored(), 4);
  EXPECT_EQ(store->get_session(id, {})->usage.output_tokens, 12);
  EXPECT_EQ(log->state().to_checkpoint(), folded_elsewhere());
}

TEST_F(SessionLogStagingTest, AnInboxEventInBetweenComesFirstInTheLogAndInTheFold) {
  auto log = own("a");
  ASSERT_TRUE(succeeded(log->commit_with_next({answer(5)}, {})));
  post(events::stop_requested("user"));
  ASSERT_TRUE(succeeded(log->commit({answer(7)}, {}, {})));
  const auto events = read_events(*store, {id, 2}, {});
  ASSERT_EQ(events->size(), 3u);
  EXPECT_EQ(events->at(0).type, EventType::stop_requested);
  EXPECT_TRUE(log->state().turn()->stop_requested);
  EXPECT_EQ(log->state().to_checkpoint(), folded_elsewhere());
  EXPECT_EQ(store->get_session(id, {})->usage.output_tokens, 12);
}

TEST_F(SessionLogStagingTest, RefreshAndConditionalCommitsStoreThemFirst) {
  auto log = own("a");
  ASSERT_TRUE(succeeded(log->commit_with_next({answer(5)}, {})));
  ASSERT_TRUE(succeeded(log->refresh({})));
  EXPECT_EQ(stored(), 3);
  ASSERT_TRUE(succeeded(log->commit_with_next({answer(5)}, {})));
  ASSERT_TRUE(succeeded(log->commit_if_current({}, {}, {})));
  EXPECT_EQ(stored(), 4);
}

TEST_F(SessionLogStagingTest, WhatAFencedOwnerHadStagedIsForgotten) {
  auto old_owner = own("a");
  ASSERT_TRUE(succeeded(old_owner->commit_with_next({answer(5)}, {})));
  std::this_thread::sleep_for(std::chrono::milliseconds(5));  // its lease of 1 ms runs out
  auto new_owner = own("b");
  EXPECT_TRUE(failed_with(ErrorCode::fenced, old_owner->commit({answer(7)}, {}, {})));
  EXPECT_TRUE(succeeded(old_owner->refresh({})));
  EXPECT_EQ(old_owner->state().last_seq(), 2);
  EXPECT_FALSE(old_owner->state().answered());
}

TEST_F(SessionLogStagingTest, TheRowFollowsTheEventsThatWaited) {
  auto log = own("a");
  ASSERT_TRUE(succeeded(log->commit_with_next(
      {events::phase_changed("ready", 100, "up"), events::status_changed(SessionStatus::running)}, {})));
  ASSERT_TRUE(succeeded(log->commit({answer(7)}, {}, {})));
  EXPECT_EQ(store->get_session(id, {})->status, SessionStatus::running);
  EXPECT_EQ(store->get_session(id, {})->phase, "ready");
  ASSERT_TRUE(succeeded(log->commit_with_next({events::status_changed(SessionStatus::running)}, {})));
  ASSERT_TRUE(succeeded(log->commit({events::turn_finished({})}, {}, {})));
  EXPECT_EQ(store->get_session(id, {})->status, SessionStatus::ready) << "the newer one counts";
}

TEST_F(SessionLogStagingTest, AConditionalCommitLosesAgainstAPromptThatCameBeforeWhatWaited) {
  auto log = own("a");
  ASSERT_TRUE(succeeded(log->commit_with_next({answer(5)}, {})));
  post(events::user_prompt("second"));
  RowPatch idle;
  idle.pending = false;
  EXPECT_TRUE(failed_with(ErrorCode::conflict, log->commit_if_current({}, idle, {})));
  EXPECT_TRUE(store->get_session(id, {})->pending);
  EXPECT_EQ(log->state().queued_prompts().size(), 1u) << "folded meanwhile";
  EXPECT_TRUE(succeeded(log->commit_if_current({}, idle, {})));
}

// With an answer folded that the log has not got: the append that it waited for has failed.
class SessionLogAfterAFailure : public SessionLogStagingTest {
 protected:
  std::unique_ptr<SessionLog> fail_with_staged() {
    auto lease = testing::value_of(store->acquire_lease({id, "a", std::chrono::hours(1)}, {}));
    auto log = std::move(*SessionLog::open(faulty, lease, {}));
    std::vector<NewEvent> many;
    for (int i = 0; i < 300; ++i) many.push_back(events::log(LogLevel::info, "worth a checkpoint"));
    EXPECT_TRUE(succeeded(log->commit(std::move(many), {}, {})));
    EXPECT_TRUE(succeeded(log->commit_with_next({answer(5)}, {})));
    faulty.inject({.error = resource_exhausted("disk full").value(), .method = "append_owner"});
    EXPECT_TRUE(failed_with(ErrorCode::resource_exhausted, log->commit({answer(7)}, {}, {})));
    EXPECT_TRUE(log->state().answered()) << "ahead of the log";
    return log;
  }

  testing::FaultySessionStore faulty{*store};
};

TEST_F(SessionLogAfterAFailure, ACheckpointHoldsOnlyWhatIsInTheLog) {
  auto log = fail_with_staged();
  ASSERT_TRUE(succeeded(log->checkpoint({})));
  const auto stored = testing::value_of(store->get_checkpoint(id, {}));
  ASSERT_TRUE(stored);
  EXPECT_EQ(*stored, folded_elsewhere());
  EXPECT_EQ(get_int(*stored, "last_seq"), store->get_session(id, {})->last_seq);
  EXPECT_FALSE(log->state().answered());
}

TEST_F(SessionLogAfterAFailure, AConditionalCommitIsRefusedUntilTheStateIsTrueAgain) {
  auto log = fail_with_staged();
  post(events::log(LogLevel::info, "as long as if the answer were there"));
  RowPatch idle;
  idle.pending = false;
  EXPECT_TRUE(failed_with(ErrorCode::conflict, log->commit_if_current({}, idle, {})));
  EXPECT_TRUE(store->get_session(id, {})->pending);
  EXPECT_FALSE(log->state().answered());
  EXPECT_TRUE(succeeded(log->commit_if_current({}, idle, {})));
  EXPECT_FALSE(store->get_session(id, {})->pending);
}

TEST_F(SessionLogAfterAFailure, TheNextEventsAreCommittedOntoWhatIsInTheLog) {
  auto log = fail_with_staged();
  ASSERT_TRUE(succeeded(log->commit_with_next({answer(9)}, {})));
  EXPECT_EQ(log->state().to_checkpoint(), folded_elsewhere());
  EXPECT_EQ(store->get_session(id, {})->usage.output_tokens, 9);
}

TEST_F(SessionLogStagingTest, LargeValuesAreStoredAtOnce) {
  auto log = own("a");
  ASSERT_TRUE(succeeded(log->commit_with_next({events::log(LogLevel::info, std::string(300000, 'x'))}, {})));
  EXPECT_EQ(stored(), 3);
}

TEST_F(SessionLogTest, AnOldOwnerIsFenced) {
  auto old_owner = own("a");
  std::this_thread::sleep_for(std::chrono::milliseconds(5));  // its lease of 1 ms runs out
  auto new_owner = own("b");
  EXPECT_TRUE(failed_with(ErrorCode::fenced, old_owner->commit({events::log(LogLevel::info, "late")}, {}, {})));
  EXPECT_TRUE(succeeded(new_owner->commit({events::log(LogLevel::info, "mine")}, {}, {})));
}

TEST_F(SessionLogTest, LargeValuesAreBlobsInTheStoreAndWholeForReaders) {
  auto log = own("a");
  const std::string large(300000, 'x');
  ASSERT_TRUE(succeeded(log->commit({events::log(LogLevel::info, large, {{"inner", {large}}})}, {}, {})));
  const auto raw = store->read({id, 2}, {});
  EXPECT_LT(dump_json(raw->at(0).data).size(), 1000u);
  const auto whole = read_events(*store, {id, 2}, {});
  ASSERT_TRUE(succeeded(whole));
  EXPECT_EQ(get_string(whole->at(0).data, "message"), large);
  EXPECT_EQ(whole->at(0).data["metadata"]["inner"][0], large);
  // They count: a page of large events is a short one.
  ASSERT_TRUE(succeeded(log->commit({events::log(LogLevel::info, large), events::log(LogLevel::info, "x")}, {}, {})));
  EXPECT_EQ(read_events(*store, {id, 2, 500, large.size()}, {})->size(), 1u);
  EXPECT_EQ(read_events(*store, {id, 2, 500, 3 * large.size()}, {})->size(), 3u);
}

TEST_F(SessionLogTest, OpensFromACheckpointAndTheEventsAfterIt) {
  auto log = own("a");
  for (int i = 0; i < 250; ++i) ASSERT_TRUE(succeeded(log->commit({events::log(LogLevel::info, "x")}, {}, {})));
  ASSERT_TRUE(succeeded(log->checkpoint({})));
  EXPECT_TRUE(store->get_checkpoint(id, {})->has_value());
  ASSERT_TRUE(succeeded(log->commit({events::turn_finished({})}, {}, {})));
  const Json expected = log->state().to_checkpoint();
  log.reset();
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(own("b")->state().to_checkpoint(), expected);
}

}  // namespace
}  // namespace ottobot
