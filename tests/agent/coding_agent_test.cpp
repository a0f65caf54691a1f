#include "ottobot/agent/coding_agent.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>

#include "agent/agent_harness.hpp"

namespace ottobot {
namespace {

using testing::AgentHarness;

std::unique_ptr<LlmProvider> scripted(Json steps, Clock& clock) {
  ScriptedOptions options;
  options.scenario = {{"turns", Json::array({{{"steps", std::move(steps)}}})}};
  options.clock = &clock;
  auto provider = make_scripted_provider(std::move(options));
  EXPECT_TRUE(provider) << provider.error().to_string();
  return std::move(*provider);
}

Json call(const std::string& name, Json args = Json::object()) { return {{"name", name}, {"args", std::move(args)}}; }
Json step_with(Json calls) { return {{"text", "working"}, {"tool_calls", std::move(calls)}}; }
Json answer(const std::string& text) { return {{"text", text}}; }

// Counts what really ran, by the value of its argument.
class Recorder {
 public:
  void add(const std::string& what) {
    std::lock_guard lock(mutex_);
    ran_.push_back(what);
  }
  std::vector<std::string> ran() const {
    std::lock_guard lock(mutex_);
    return ran_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> ran_;
};

FunctionToolBox recording_box(Recorder& recorder) {
  FunctionToolBox box;
  box.add({"write", "", {{"type", "object"}}, false}, [&](const Json& args, const CallContext&) -> Result<ToolReply> {
    recorder.add(get_string(args, "what"));
    return text_reply("wrote " + get_string(args, "what"));
  });
  return box;
}

TEST(CodingAgent, LoopsOverModelAndToolsUntilTheModelIsDone) {
  AgentHarness session("build it");
  Recorder recorder;
  auto box = recording_box(recorder);
  auto model = scripted({step_with({call("write", {{"what", "a"}}), call("write", {{"what", "b"}})}), answer("done")},
                        session.clock);
  ASSERT_TRUE(make_coding_agent(*model, box, session.clock, {"test"}).run(session, {}));
  EXPECT_EQ(recorder.ran(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(session.types(),
            (std::vector<std::string>{"session_created", "user_prompt", "status_changed", "model_call_started",
                                      "agent_message", "tool_intent", "tool_result", "tool_intent", "tool_result",
                                      "model_call_started", "agent_message", "turn_finished"}));
  EXPECT_EQ(get_string(session.end_of_turn(), "outcome"), "completed");
  EXPECT_EQ(get_int(session.end_of_turn(), "steps"), 2);
  for (const Event& event : session.events_of(EventType::model_call_started)) {
    EXPECT_EQ(get_string(event.data, "model"), "scripted:test");
  }
}

TEST(CodingAgent, StreamsTextWithOffsetsInCodePoints) {
  AgentHarness session("hi");
  FunctionToolBox box;
  auto model = scripted({answer("grüße, dich")}, session.clock);
  ASSERT_TRUE(make_coding_agent(*model, box, session.clock, {"test"}).run(session, {}));
  std::string streamed;
  std::size_t offset = 0;
  for (const Json& delta : session.deltas) {
    EXPECT_EQ(get_int(delta, "offset"), static_cast<std::int64_t>(offset));
    streamed += get_string(delta, "text");
    offset += *utf8_length(get_string(delta, "text"));
  }
  EXPECT_EQ(streamed, "grüße, dich");
  EXPECT_EQ(get_string(session.deltas[0], "message_id"), session.events_of(EventType::agent_message)[0].id);
}

TEST(CodingAgent, ReadOnlyCallsThatStandTogetherRunTogether) {
  AgentHarness session("look");
  std::mutex mutex;
  std::condition_variable together;
  int inside = 0;
  FunctionToolBox box;
  box.add({"look", "", {}, true}, [&](const Json&, const CallContext&) -> Result<ToolReply> {
    std::unique_lock lock(mutex);
    ++inside;
    together.notify_all();
    const bool met = together.wait_for(lock, std::chrono::seconds(20), [&] { return inside == 3; });
    return text_reply(met ? "met" : "alone");
  });
  auto model = scripted({step_with({call("look"), call("look"), call("look")}), answer("done")}, session.clock);
  ASSERT_TRUE(make_coding_agent(*model, box, session.clock, {"test"}).run(session, {}));
  for (const Event& result : session.events_of(EventType::tool_result)) {
    EXPECT_EQ(text_of_content(result.data["content"]), "met");
  }
}

TEST(CodingAgent, FailuresOfToolsAreShownToTheModel) {
  AgentHarness session("try");
  FunctionToolBox box;
  box.add({"fails", "", {}, false}, [](const Json&, const CallContext&) -> Result<ToolReply> {
    return not_found("no such thing", "look again");
  });
  auto model = scripted({step_with({call("fails"), call("missing")}), answer("I see")}, session.clock);
  ASSERT_TRUE(make_coding_agent(*model, box, session.clock, {"test"}).run(session, {}));
  const Message& results = session.state().messages()[2];
  EXPECT_EQ(text_of_content(std::get<ToolResultPart>(results.parts[0]).content), "no such thing\nHint: look again");
  EXPECT_EQ(std::get<ToolResultPart>(results.parts[1]).outcome, ToolOutcome::error);
  EXPECT_EQ(get_string(session.end_of_turn(), "outcome"), "completed");
}

// The owner dies at every commit in turn; the next one takes over with the same tool box (the sandbox lives on).
TEST(CodingAgent, GoesOnAfterACrashAtAnyCommitAndRunsNothingTwice) {
  for (int crash_at = 1; crash_at <= 10; ++crash_at) {
    AgentHarness session("build it");
    Recorder recorder;
    // As sandboxd's journal: a call id runs once.
    class JournalBox final : public ToolBox {
     public:
      explicit JournalBox(Recorder& recorder) : recorder_(recorder) {}
      Result<std::vector<ToolSpec>> list_tools(const CallContext&) override {
        return std::vector<ToolSpec>{{"write", "", {}, false}};
      }
      Result<ToolReply> call_tool(const ToolCallParams& params, const ToolProgress&, const CallContext&) override {
        if (seen_.insert(params.call_id).second) recorder_.add(get_string(params.args, "what"));
        return text_reply("ok");
      }
      void acknowledge(const std::vector<std::string>&) override {}
      std::string boot_id() const override { return "boot"; }

     private:
      Recorder& recorder_;
      std::set<std::string> seen_;
    } tools(recorder);
    auto model = scripted({step_with({call("write", {{"what", "a"}}), call("write", {{"what", "b"}})}), answer("done")},
                          session.clock);
    const Graph agent = make_coding_agent(*model, tools, session.clock, {"test"});
    session.crash_after = crash_at;
    const auto first = agent.run(session, {});
    EXPECT_FALSE(first) << "crash at " << crash_at;
    session.adopt();
    ASSERT_TRUE(agent.run(session, {})) << "crash at " << crash_at;
    EXPECT_EQ(recorder.ran(), (std::vector<std::string>{"a", "b"})) << "crash at " << crash_at;
    EXPECT_EQ(session.events_of(EventType::turn_finished).size(), 1u) << "crash at " << crash_at;
  }
}

TEST(CodingAgent, AnIntentForASandboxThatIsGoneHasAnUnknownOutcome) {
  AgentHarness session("build it");
  Recorder recorder;
  auto model = scripted({step_with({call("write", {{"what", "a"}})}), answer("done")}, session.clock);
  {
    auto box = recording_box(recorder);
    session.crash_after = 5;  // the result of the first call
    EXPECT_FALSE(make_coding_agent(*model, box, session.clock, {"test"}).run(session, {}));
  }
  session.adopt();
  auto box = recording_box(recorder);
  ASSERT_TRUE(make_coding_agent(*model, box, session.clock, {"test"}).run(session, {}));
  EXPECT_EQ(recorder.ran(), (std::vector<std::string>{"a"}));
  EXPECT_EQ(get_string(session.events_of(EventType::tool_result)[0].data, "outcome"), "unknown");
}

TEST(CodingAgent, AStoppedTurnRecordsWhatDidNotRun) {
  AgentHarness session("build it");
  std::stop_source stop;
  FunctionToolBox box;
  std::vector<std::string> ran;
  box.add({"write", "", {}, false}, [&](const Json& args, const CallContext&) -> Result<ToolReply> {
    ran.push_back(get_string(args, "what"));
    session.post(events::stop_requested("user"));
    stop.request_stop();
    return text_reply("partial", ToolOutcome::error);
  });
  auto model = scripted({step_with({call("write", {{"what", "a"}}), call("write", {{"what", "b"}})}), answer("done")},
                        session.clock);
  const Graph agent = make_coding_agent(*model, box, session.clock, {"test"});
  CallContext ctx;
  ctx.stop = stop.get_token();
  auto done = agent.run(session, ctx);
  if (!done) {
    ASSERT_EQ(done.error().code, ErrorCode::cancelled);
    ASSERT_TRUE(session.log->refresh({}));
    ASSERT_TRUE(agent.run(session, {}));
  }
  EXPECT_EQ(ran, (std::vector<std::string>{"a"}));
  const auto results = session.events_of(EventType::tool_result);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(get_string(results[1].data, "outcome"), "not_run");
  EXPECT_EQ(get_string(session.end_of_turn(), "outcome"), "stopped");
}

TEST(CodingAgent, AStopDuringTheModelCallEndsTheTurnWithoutItsPartialAnswer) {
  AgentHarness session("build it");
  FunctionToolBox box;
  auto model = scripted({{{"text", "never heard"}, {"delay_ms", 60000}}}, session.clock);
  const Graph agent = make_coding_agent(*model, box, session.clock, {"test"});
  std::stop_source stop;
  CallContext ctx;
  ctx.stop = stop.get_token();
  std::jthread stopper([&] {
    while (session.clock.sleepers() == 0) std::this_thread::yield();
    session.post(events::stop_requested("user"));
    stop.request_stop();
  });
  const auto done = agent.run(session, ctx);
  stopper.join();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::cancelled);
  ASSERT_TRUE(session.log->refresh({}));
  ASSERT_TRUE(agent.run(session, {}));
  EXPECT_TRUE(session.events_of(EventType::agent_message).empty());
  EXPECT_EQ(get_string(session.end_of_turn(), "outcome"), "stopped");
}

TEST(CodingAgent, StepsAreCapped) {
  AgentHarness session("forever");
  Recorder recorder;
  auto box = recording_box(recorder);
  Json steps = Json::array();
  for (int i = 0; i < 20; ++i) steps.push_back(step_with({call("write", {{"what", "x"}})}));
  auto model = scripted(steps, session.clock);
  CodingAgentOptions options{"test"};
  options.max_steps = 3;
  ASSERT_TRUE(make_coding_agent(*model, box, session.clock, options).run(session, {}));
  EXPECT_EQ(recorder.ran().size(), 3u);
  EXPECT_EQ(get_string(session.end_of_turn(), "outcome"), "limit");
}

TEST(CodingAgent, TimeIsCapped) {
  AgentHarness session("slow");
  FunctionToolBox box;
  box.add({"wait", "", {}, false}, [&](const Json&, const CallContext&) -> Result<ToolReply> {
    session.clock.advance(std::chrono::minutes(50));
    return text_reply("later");
  });
  Json steps = Json::array();
  for (int i = 0; i < 20; ++i) steps.push_back(step_with({call("wait")}));
  auto model = scripted(steps, session.clock);
  CodingAgentOptions options{"test"};
  options.max_turn_time = std::chrono::hours(1);
  ASSERT_TRUE(make_coding_agent(*model, box, session.clock, options).run(session, {}));
  EXPECT_EQ(session.events_of(EventType::tool_result).size(), 2u);
  EXPECT_EQ(get_string(session.end_of_turn(), "outcome"), "limit");
}

TEST(CodingAgent, LongOutputIsClippedAndLargeValuesSurviveTheLog) {
  AgentHarness session("print");
  FunctionToolBox box;
  box.add({"print", "", {}, false},
          [](const Json&, const CallContext&) -> Result<ToolReply> { return text_reply(std::string(500000, 'x')); });
  const std::string large(200000, 'y');
  auto model = scripted({step_with({call("print", {{"input", large}})}), answer("done")}, session.clock);
  ASSERT_TRUE(make_coding_agent(*model, box, session.clock, {"test"}).run(session, {}));
  EXPECT_LT(text_of_content(session.events_of(EventType::tool_result)[0].data["content"]).size(), 33000u);
  EXPECT_EQ(session.events_of(EventType::tool_intent)[0].data["args"]["input"], large);
  session.adopt();
  EXPECT_EQ(std::get<ToolCallPart>(session.state().messages()[1].parts[1]).args["input"], large);
}

// A model that fails once in the middle of a sentence and is asked again below the agent.
class Stammering final : public LlmProvider {
 public:
  Result<Completion> complete(const CompletionParams&, DeltaSink& sink, const CallContext&) override {
    sink.on_text("half a");
    sink.on_reset();
    sink.on_retry(unavailable("the line broke").value(), std::chrono::milliseconds(1500));
    sink.on_text("whole");
    return Completion{{Role::model, {TextPart{"whole", nullptr}}}};
  }
  Result<ModelInfo> describe(const std::string& model, const CallContext&) override { return ModelInfo{model}; }
};

TEST(CodingAgent, ATakenBackAnswerIsNowhereAndTheWaitIsTold) {
  AgentHarness session("x");
  FunctionToolBox box;
  Stammering model;
  ASSERT_TRUE(make_coding_agent(model, box, session.clock, {"test"}).run(session, {}));
  const auto warnings = session.events_of(EventType::warning);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(get_string(warnings[0].data, "message"),
            "The model call failed and is made again in 2 seconds: the line broke");
  ASSERT_EQ(session.deltas.size(), 3u);
  EXPECT_TRUE(get_bool(session.deltas[1], "reset"));
  EXPECT_EQ(get_int(session.deltas[2], "offset"), 0);
  for (const Event& event : session.events()) EXPECT_EQ(dump_json(event.data).find("half"), std::string::npos);
}

// Gives one answer to everything, and counts.
class Stubborn final : public LlmProvider {
 public:
  explicit Stubborn(Completion answer) : answer_(std::move(answer)) {}
  Result<Completion> complete(const CompletionParams&, DeltaSink& sink, const CallContext&) override {
    ++calls;
    sink.on_text("partial");
    return answer_;
  }
  Result<ModelInfo> describe(const std::string& model, const CallContext&) override { return ModelInfo{model}; }
  int calls = 0;

 private:
  const Completion answer_;
};

TEST(CodingAgent, AnAnswerThatMayNotBeUsedFailsTheTurnAndRunsNothing) {
  const Message message{Role::model,
                        {TextPart{"partial", nullptr}, ToolCallPart{"c", "", "write", {{"what", "a"}}, nullptr}}};
  struct Case {
    FinishReason finish;
    int calls;
    std::string code;
  };
  for (const Case& one :
       {Case{FinishReason::malformed, 3, "internal"}, Case{FinishReason::blocked, 1, "permission_denied"}}) {
    AgentHarness session("x");
    Recorder recorder;
    auto box = recording_box(recorder);
    Stubborn model({message, one.finish, "why"});
    ASSERT_TRUE(make_coding_agent(model, box, session.clock, {"test"}).run(session, {}));
    EXPECT_EQ(model.calls, one.calls);
    EXPECT_TRUE(recorder.ran().empty());
    EXPECT_TRUE(session.events_of(EventType::agent_message).empty());
    const Json end = session.end_of_turn();
    EXPECT_EQ(get_string(end, "outcome"), "failed");
    EXPECT_EQ(get_string(end["error"], "code"), one.code);
    EXPECT_NE(get_string(end["error"], "message").find("why"), std::string::npos);
    EXPECT_FALSE(get_string(end["error"], "hint").empty());
    EXPECT_TRUE(get_bool(session.deltas.back(), "reset"));
  }
}

TEST(CodingAgent, AnAnswerThatWasCutRunsNothingButKeepsItsText) {
  AgentHarness session("x");
  Recorder recorder;
  auto box = recording_box(recorder);
  Stubborn model(
      {{Role::model, {TextPart{"partial", nullptr}, ToolCallPart{"c", "", "write", {{"what", "a"}}, nullptr}}},
       FinishReason::length});
  ASSERT_TRUE(make_coding_agent(model, box, session.clock, {"test"}).run(session, {}));
  EXPECT_TRUE(recorder.ran().empty());
  EXPECT_EQ(text_of(session.state().messages().back()), "partial");
  EXPECT_EQ(get_string(session.end_of_turn(), "outcome"), "limit");
  EXPECT_EQ(get_string(session.end_of_turn()["error"], "code"), "resource_exhausted");
}

TEST(CodingAgent, ErrorsOfTheModelLeaveTheTurnToTheCaller) {
  AgentHarness session("x");
  FunctionToolBox box;
  auto model =
      scripted({{{"text", "partial"}, {"error", {{"code", "unavailable"}, {"message", "overloaded"}}}}}, session.clock);
  const auto done = make_coding_agent(*model, box, session.clock, {"test"}).run(session, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::unavailable);
  EXPECT_TRUE(session.events_of(EventType::turn_finished).empty());
  EXPECT_TRUE(session.events_of(EventType::agent_message).empty());
}

}  // namespace
}  // namespace ottobot
