#include "ottobot/session_state.hpp"

#include <random>

#include "ottobot/ids.hpp"

namespace ottobot {
namespace {

class Log {
 public:
  const SessionState& add(NewEvent event) {
    const Event stored{++seq_, event.id, event.type, 1000 + seq_, event.data, event.internal};
    events_.push_back(stored);
    state_.apply(stored);
    return state_;
  }
  const SessionState& state() const { return state_; }
  const std::vector<Event>& events() const { return events_; }

 private:
  Seq seq_ = 0;
  SessionState state_;
  std::vector<Event> events_;
};

Message calls(std::vector<std::string> ids) {
  Message message{Role::model, {TextPart{"working", nullptr}}};
  for (auto& id : ids) message.parts.push_back(ToolCallPart{id, "", "write_file", {{"path", id}}, nullptr});
  return message;
}

ToolResultPart result(const std::string& id, ToolOutcome outcome = ToolOutcome::ok) {
  return {id, "", "write_file", outcome, Json::array({{{"type", "text"}, {"text", "result " + id}}}), nullptr};
}

Log created() {
  Log log;
  log.add(events::session_created({"build", "node", "scripted:demo", ""}));
  log.add(events::user_prompt("build"));
  return log;
}

TEST(SessionState, TheFirstPromptIsTheTurnAndLaterOnesWait) {
  Log log = created();
  log.add(events::user_prompt("and then this"));
  const SessionState& state = log.state();
  ASSERT_TRUE(state.turn());
  EXPECT_EQ(state.turn()->prompt_seq, 2);
  ASSERT_EQ(state.queued_prompts().size(), 1u);
  EXPECT_EQ(state.messages().size(), 1u);
  EXPECT_TRUE(state.has_work());
}

TEST(SessionState, TheNextPromptBecomesTheTurnWhenOneEnds) {
  Log log = created();
  log.add(events::user_prompt("second"));
  log.add(events::agent_message({Role::model, {TextPart{"done", nullptr}}}, {}));
  EXPECT_TRUE(log.state().answered());
  log.add(events::turn_finished({}));
  ASSERT_TRUE(log.state().turn());
  EXPECT_EQ(log.state().turn()->prompt_seq, 3);
  EXPECT_FALSE(log.state().answered());
  EXPECT_EQ(text_of(log.state().messages().back()), "second");
}

TEST(SessionState, ResultsJoinTheConversationInCallOrderWhateverOrderTheyCome) {
  Log log = created();
  log.add(events::agent_message(calls({"a", "b"}), {}));
  log.add(events::tool_intent({"a", "", "write_file", {{"path", "x"}}, nullptr}, "boot", false));
  log.add(events::tool_intent({"b", "", "write_file", {{"path", "y"}}, nullptr}, "boot", false));
  log.add(events::tool_result(result("b")));
  EXPECT_EQ(log.state().messages().size(), 2u);
  EXPECT_EQ(log.state().open_calls().size(), 2u);
  log.add(events::tool_result(result("a")));
  EXPECT_TRUE(log.state().open_calls().empty());
  const Message& results = log.state().messages().back();
  ASSERT_EQ(results.parts.size(), 2u);
  EXPECT_EQ(std::get<ToolResultPart>(results.parts[0]).call_id, "a");
  EXPECT_EQ(log.state().turn()->changed_files, (std::vector<std::string>{"x", "y"}));
}

TEST(SessionState, IntentsRememberWhichSandboxTheyWereMeantFor) {
  Log log = created();
  log.add(events::agent_message(calls({"a"}), {}));
  EXPECT_FALSE(log.state().open_calls()[0].intended);
  log.add(events::tool_intent({"a", "", "write_file", {}, nullptr}, "boot-1", false));
  EXPECT_TRUE(log.state().open_calls()[0].intended);
  EXPECT_EQ(log.state().open_calls()[0].boot_id, "boot-1");
}

TEST(SessionState, ATurnThatEndsEarlyAnswersItsOpenCalls) {
  Log log = created();
  log.add(events::agent_message(calls({"a", "b"}), {}));
  log.add(events::tool_result(result("a")));
  log.add(events::turn_finished({TurnOutcome::stopped, 1, {}, {}}));
  const Message& results = log.state().messages().back();
  ASSERT_EQ(results.parts.size(), 2u);
  EXPECT_EQ(std::get<ToolResultPart>(results.parts[1]).outcome, ToolOutcome::not_run);
  EXPECT_FALSE(log.state().turn());
}

TEST(SessionState, ACallThatWasSentInATurnThatEndedHasAnUnknownOutcome) {
  Log log = created();
  log.add(events::agent_message(calls({"a"}), {}));
  log.add(events::tool_intent({"a", "", "write_file", {}, nullptr}, "boot", false));
  log.add(events::turn_finished({TurnOutcome::failed, 1, {}, unavailable("lost").value()}));
  const auto& result = std::get<ToolResultPart>(log.state().messages().back().parts[0]);
  EXPECT_EQ(result.outcome, ToolOutcome::unknown);
}

TEST(SessionState, AnExpiredSessionThatIsDeletedHasWorkAgain) {
  Log log = created();
  log.add(events::turn_finished({}));
  log.add(events::status_changed(SessionStatus::terminated));
  EXPECT_FALSE(log.state().has_work());
  log.add(events::delete_requested("user"));
  EXPECT_TRUE(log.state().has_work());
}

TEST(SessionState, WhatIsDeletedIsNotExpiredWhicheverCameFirst) {
  for (const bool deleted_first : {true, false}) {
    Log log = created();
    if (deleted_first) log.add(events::delete_requested("user"));
    log.add(events::phase_changed(phase::kExpired, 100, "expired"));
    if (!deleted_first) log.add(events::delete_requested("user"));
    EXPECT_EQ(log.state().phase(), phase::kReady);
  }
}

TEST(SessionState, InboxEventsMayComeAnywhere) {
  Log log = created();
  log.add(events::agent_message(calls({"a"}), {}));
  log.add(events::stop_requested("user"));
  log.add(events::user_prompt("later"));
  log.add(events::tool_result(result("a", ToolOutcome::not_run)));
  EXPECT_TRUE(log.state().turn()->stop_requested);
  log.add(events::turn_finished({TurnOutcome::stopped, 1, {}, {}}));
  ASSERT_TRUE(log.state().turn());
  EXPECT_FALSE(log.state().turn()->stop_requested);
}

TEST(SessionState, AStopWithNothingRunningIsHarmless) {
  Log log;
  log.add(events::session_created({"x", "node", "m", ""}));
  log.add(events::stop_requested("user"));
  log.add(events::user_prompt("go"));
  EXPECT_FALSE(log.state().turn()->stop_requested);
}

TEST(SessionState, DeletedSessionsHaveWorkUntilTheyAreTerminated) {
  Log log = created();
  log.add(events::delete_requested("user"));
  EXPECT_TRUE(log.state().has_work());
  log.add(events::status_changed(SessionStatus::terminated));
  EXPECT_FALSE(log.state().has_work());
}

TEST(SessionState, TheConversationHashFollowsEveryMessage) {
  Log a = created();
  Log b = created();
  EXPECT_EQ(a.state().conversation_hash(), b.state().conversation_hash());
  a.add(events::agent_message({Role::model, {TextPart{"x", nullptr}}}, {}));
  b.add(events::agent_message({Role::model, {TextPart{"y", nullptr}}}, {}));
  EXPECT_NE(a.state().conversation_hash(), b.state().conversation_hash());
}

NewEvent random_event(std::mt19937& random) {
  switch (random() % 8) {
    case 0:
      return events::user_prompt("prompt " + std::to_string(random() % 100));
    case 1:
      return events::agent_message(calls({new_id(), new_id()}), {3, 2, 1, 0});
    case 2:
      return events::agent_message({Role::model, {TextPart{"answer", nullptr}}}, {1, 1, 0, 0});
    case 3:
      return events::turn_finished({});
    case 4:
      return events::stop_requested("user");
    case 5:
      return events::status_changed(SessionStatus::running);
    case 6:
      return events::model_call_started("m", 1, "h");
    default:
      return events::phase_changed(phase::kReady, 100, "ready");
  }
}

// Any prefix may be the checkpoint: folding the rest from it gives the same as folding everything.
TEST(SessionState, ACheckpointStandsForTheEventsBeforeIt) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    std::mt19937 random(seed);
    Log log = created();
    for (int i = 0; i < 40; ++i) {
      log.add(random_event(random));
      const auto& open = log.state().open_calls();
      if (!open.empty() && random() % 2)
        log.add(events::tool_result(result(open[random() % open.size()].call.call_id)));
    }
    const std::size_t cut = random() % log.events().size();
    SessionState prefix;
    for (std::size_t i = 0; i < cut; ++i) prefix.apply(log.events()[i]);
    auto restored = SessionState::from_checkpoint(prefix.to_checkpoint());
    ASSERT_TRUE(restored) << "seed " << seed;
    for (std::size_t i = cut; i < log.events().size(); ++i) restored->apply(log.events()[i]);
    EXPECT_EQ(restored->to_checkpoint(), log.state().to_checkpoint()) << "seed " << seed;
  }
}

TEST(SessionState, DamagedCheckpointsAreRefused) {
  EXPECT_FALSE(SessionState::from_checkpoint(nullptr));
  EXPECT_FALSE(SessionState::from_checkpoint({{"version", 99}}));
  Json checkpoint = created().state().to_checkpoint();
  checkpoint.erase("messages");
  EXPECT_EQ(SessionState::from_checkpoint(checkpoint).error().code, ErrorCode::data_loss);
}

}  // namespace
}  // namespace ottobot
