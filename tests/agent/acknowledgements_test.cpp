#include <map>
#include <set>

#include "agent/agent_harness.hpp"

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
    names_[params.call_id] = name;
    before_[name] = acknowledged_;
    return text_reply("ok");
  }
  void acknowledge(const std::vector<std::string>& call_ids) override {
    for (const std::string& id : call_ids) acknowledged_.insert(names_.at(id));
  }
  std::string boot_id() const override { return "boot"; }

  Names before(const std::string& name) const { return before_.at(name); }
  Names acknowledged() const { return acknowledged_; }

 private:
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

void run(AgentHarness& session, ToolBox& box, Json steps) {
  ScriptedOptions script;
  script.scenario = {{"turns", Json::array({{{"steps", std::move(steps)}}})}};
  script.clock = &session.clock;
  auto model = make_scripted_provider(std::move(script));
  ASSERT_TRUE(model) << model.error().to_string();
  const auto done = make_coding_agent(**model, box, session.clock, {"test"}).run(session, {});
  ASSERT_TRUE(done) << done.error().to_string();
}

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

}  // namespace
}  // namespace ottobot
