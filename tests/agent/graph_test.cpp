#include "ottobot/agent/graph.hpp"

#include "agent/agent_harness.hpp"

namespace ottobot {
namespace {

Graph::Node logs(const std::string& text) {
  return [text](const SessionState&, Emitter& emitter, const CallContext&) {
    return emitter.commit({events::log(LogLevel::info, text)});
  };
}

TEST(Graph, GoesWhereTheStateSays) {
  testing::AgentHarness session("x");
  Graph graph([](const SessionState& state) -> std::string {
    if (state.last_seq() == 2) return "first";
    return state.last_seq() == 3 ? "second" : Graph::kEnd;
  });
  graph.add_node("first", logs("1")).add_node("second", logs("2"));
  ASSERT_TRUE(graph.run(session, {}));
  const auto logged = session.events_of(EventType::log);
  ASSERT_EQ(logged.size(), 2u);
  EXPECT_EQ(get_string(logged[0].data, "message"), "1");
  EXPECT_EQ(get_string(logged[1].data, "message"), "2");
}

TEST(Graph, EndsAfterItsFinishPoint) {
  testing::AgentHarness session("x");
  Graph graph([](const SessionState&) { return std::string("only"); });
  graph.add_node("only", logs("1")).set_finish_point("only");
  ASSERT_TRUE(graph.run(session, {}));
  EXPECT_EQ(session.events_of(EventType::log).size(), 1u);
}

TEST(Graph, ANodeThatChangesNothingIsAnErrorInsteadOfALoop) {
  testing::AgentHarness session("x");
  Graph graph([](const SessionState&) { return std::string("idle"); });
  graph.add_node("idle", [](const SessionState&, Emitter&, const CallContext&) { return Result<void>(); });
  const auto done = graph.run(session, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::internal);
}

TEST(Graph, UnknownNodesAreErrors) {
  testing::AgentHarness session("x");
  const Graph graph([](const SessionState&) { return std::string("nowhere"); });
  EXPECT_EQ(graph.run(session, {}).error().code, ErrorCode::internal);
}

}  // namespace
}  // namespace ottobot
