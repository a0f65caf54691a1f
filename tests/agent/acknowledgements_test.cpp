#include <gmock/gmock.h>

#include <map>
#include <mutex>
#include <set>

#include "agent/agent_harness.hpp"
#include "ottobot/testing/results.hpp"

namespace ottobot {
namespace {

using testing::AgentHarness;

// Remembers what each call found acknowledged when it began, by the names that the tests give calls as `what`.
class AcknowledgedBox final : public ToolBox {
 public:
  using Names = std::set<std::string>;

  Result<std::vector<ToolSpec>> list_tools(const CallContext&) override {
    return std::vector<ToolSpec>{{"write", "", {}, false}, {"read", "", {}, true}};
  }
  Result<ToolReply> call_tool(const ToolCallParams& params, const ToolProgress&, const CallContext&) override {
    const std::string name = get_string(params.args, "what");
    {
      const std::lock_guard lock(mutex_);
      names_[params.call_id] = name;
      before_[name] = acknowledged_;
    }
    if (on_call) on_call(name);
    return text_reply("ok");
  }
  void acknowledge(const std::vector<std::string>& call_ids) override {
    const std::lock_guard lock(mutex_);
    for (const std::string& id : call_ids) acknowledged_.insert(names_.count(id) > 0 ? names_.at(id) : "never sent");
  }
  std::string boot_id() const override { return "boot"; }

  // When no call runs.
  Names before(const std::string& name) const { return before_.at(name); }
  Names acknowledged() const { return acknowledged_; }

  std::function<void(const std::string& name)> on_call;

 private:
  std::mutex mutex_;  // guards all below: reads run side by side
  std::map<std::string, std::string> names_;
  std::map<std::string, Names> before_;
  Names acknowledged_;
};

Json step(const Json& names) {
  Json calls = Json::array();
  for (const Json& name : names) {
    const bool writes = name.get_ref<const std::string&>().front() == 'w';
    calls.push_back({{"name", writes ? "write" : "read"}, {"args", {{"what", name}}}});
  }
  return {{"text", "working"}, {"tool_calls", std::move(calls)}};
}

std::unique_ptr<LlmProvider> scripted(AgentHarness& session, const std::vector<Json>& turns) {
  ScriptedOptions script;
  script.scenario = {{"turns", Json::array()}};
  for (const Json& steps : turns) {
    script.scenario["turns"].push_back({{"prompt", script.scenario["turns"].size() + 1}, {"steps", steps}});
  }
  script.clock = &session.clock;
  return testing::value_of(make_scripted_provider(std::move(script)));
}

void run(AgentHarness& session, ToolBox& box, LlmProvider& model) {
  const auto done = make_coding_agent(model, box, session.clock, {"test"}).run(session, {});
  ASSERT_TRUE(done) << done.error().to_string();
}

void run(AgentHarness& session, ToolBox& box, const Json& steps) { run(session, box, *scripted(session, {steps})); }

// Gives no answer that can be used to one of the calls.
class BlockedOnce final : public LlmProvider {
 public:
  BlockedOnce(LlmProvider& inner, int at) : inner_(inner), left_(at) {}
  Result<Completion> complete(const CompletionParams& params, DeltaSink& sink, const CallContext& ctx) override {
    if (--left_ == 0) return Completion{{Role::model, {}}, FinishReason::blocked, "why", {}, {}};
    return inner_.complete(params, sink, ctx);
  }
  Result<ModelInfo> describe(const std::string& model, const CallContext& ctx) override {
    return inner_.describe(model, ctx);
  }

 private:
  LlmProvider& inner_;
  int left_;
};

using Names = AcknowledgedBox::Names;

// A store may wait for the disk only with the next intent of a call that changes something.
TEST(Acknowledgements, AResultOfAChangeIsKeptThereUntilAnotherChangeIsPromised) {
  AgentHarness session("build it");
  AcknowledgedBox box;
  run(session, box, {step({"w1"}), step({"r1", "r2"}), step({"r3"}), step({"r4"}), step({"w2"}), {{"text", "done"}}});
  EXPECT_EQ(box.before("r1"), Names());
  EXPECT_EQ(box.before("r3"), (Names{"r1", "r2"}));
  EXPECT_EQ(box.before("r4"), (Names{"r1", "r2", "r3"}));
  EXPECT_EQ(box.before("w2"), (Names{"w1", "r1", "r2", "r3", "r4"}));
  EXPECT_EQ(box.acknowledged(), (Names{"w1", "w2", "r1", "r2", "r3", "r4"}));
}

TEST(Acknowledgements, TheEndOfTheTurnCoversAllThatIsLeft) {
  AgentHarness session("build it");
  AcknowledgedBox box;
  run(session, box, {step({"w1", "r1", "w2"}), step({"r2"}), step({"r3"}), {{"text", "done"}}});
  EXPECT_EQ(box.before("r3"), (Names{"r1", "r2"}));
  EXPECT_EQ(box.acknowledged(), (Names{"w1", "w2", "r1", "r2", "r3"}));
}

TEST(Acknowledgements, ReadsBeforeAChangeInOneAnswerAcknowledgeNoEarlierChange) {
  AgentHarness session("build it");
  AcknowledgedBox box;
  run(session, box, {step({"w1"}), step({"r1", "w2"}), {{"text", "done"}}});
  EXPECT_EQ(box.before("r1"), Names());
  EXPECT_EQ(box.before("w2"), (Names{"w1"}));
  EXPECT_EQ(box.acknowledged(), (Names{"w1", "w2", "r1"}));
}

TEST(Acknowledgements, AnAnswerThatWasStoppedBeforeItsChangesHidesNoneBeforeIt) {
  AgentHarness session("build it");
  AcknowledgedBox box;
  CallContext ctx;
  std::stop_source stop;
  ctx.stop = stop.get_token();
  box.on_call = [&](const std::string& name) {
    if (name != "r1") return;
    session.post(events::stop_requested("user"));
    stop.request_stop();
  };
  const auto model = scripted(session, {Json::array({step({"w1"}), step({"r1", "w2"})})});
  EXPECT_FALSE(make_coding_agent(*model, box, session.clock, {"test"}).run(session, ctx));
  ASSERT_TRUE(session.log->refresh({}));
  run(session, box, *model);
  EXPECT_EQ(get_string(session.end_of_turn(), "outcome"), "stopped");
  EXPECT_THAT(box.acknowledged(), ::testing::IsSupersetOf({"w1", "r1"}));
}

TEST(Acknowledgements, ATurnThatFailedLeavesItsChangesToTheNextOne) {
  AgentHarness session("build it");
  AcknowledgedBox box;
  const auto script =
      scripted(session, {Json::array({step({"w1"})}), Json::array({step({"r1"}), step({"r2"}), {{"text", "done"}}})});
  BlockedOnce model(*script, 2);
  run(session, box, model);
  EXPECT_EQ(get_string(session.end_of_turn(), "outcome"), "failed");
  EXPECT_EQ(box.acknowledged(), Names());
  session.post(events::user_prompt("go on"));
  ASSERT_TRUE(session.log->refresh({}));
  run(session, box, model);
  EXPECT_EQ(box.acknowledged(), (Names{"w1", "r1", "r2"}));
}

}  // namespace
}  // namespace ottobot
