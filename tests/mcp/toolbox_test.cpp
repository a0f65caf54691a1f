#include "mcp/mcp_fixtures.hpp"
#include "ottobot/mcp/client.hpp"
#include "ottobot/mcp/transports.hpp"

namespace ottobot::mcp {
namespace {

using namespace test;

class ToolBoxTest : public ::testing::Test {
 protected:
  void add(Tool tool, ToolHandler handler) {
    ASSERT_TRUE(server_.add_tool(std::move(tool), std::move(handler)).has_value());
  }

  ToolBox& box() {
    if (!client_) {
      client_ = Client::connect(make_in_process_transport(server_), {}, {}).value();
      box_ = make_toolbox(*client_);
    }
    return *box_;
  }

  Result<ToolReply> call(const std::string& name, const ToolProgress& progress = {}) {
    return box().call_tool({"call-7", name, Json::object()}, progress, {});
  }

  Server server_{ServerOptions{}};
  std::unique_ptr<Client> client_;
  std::unique_ptr<ToolBox> box_;
};

TEST_F(ToolBoxTest, ListsWhatAModelNeeds) {
  Tool tool = named_tool("look", kEchoSchema);
  tool.description = "Looks";
  tool.annotations.read_only = true;
  add(tool, echo_handler);
  add(named_tool("touch"), echo_handler);
  const auto specs = box().list_tools({});
  ASSERT_TRUE(specs.has_value());
  ASSERT_EQ(specs->size(), 2u);
  EXPECT_EQ((*specs)[0].description, "Looks");
  EXPECT_EQ((*specs)[0].input_schema, kEchoSchema);
  EXPECT_TRUE((*specs)[0].read_only);
  EXPECT_FALSE((*specs)[1].read_only);
}

TEST_F(ToolBoxTest, PassesContentStructureProgressAndCallIdOn) {
  add(named_tool("work"), [](ToolCall& handler_call, const CallContext&) {
    handler_call.progress(1, 0, "line 1");
    handler_call.progress(2, 0, "");
    CallToolResult result = text_result(get_string(handler_call.meta(), meta::kCallId));
    result.structured = {{"exit_code", 0}};
    return result;
  });
  std::vector<std::string> progress;
  const auto reply = call("work", [&](const std::string& message) { progress.push_back(message); });
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->outcome, ToolOutcome::ok);
  EXPECT_EQ(reply->content.at(0).at("text"), "call-7");
  EXPECT_EQ(reply->structured, Json({{"exit_code", 0}}));
  EXPECT_EQ(progress, std::vector<std::string>{"line 1"});
}

TEST_F(ToolBoxTest, KnowsTheBootIdOfTheLastResultThatHadOne) {
  int boots = 0;
  add(named_tool("boot"), [&boots](ToolCall&, const CallContext&) {
    CallToolResult result = text_result("");
    result.meta = {{meta::kBootId, "boot" + std::to_string(++boots)}};
    return result;
  });
  add(named_tool("plain"), echo_handler);
  EXPECT_EQ(box().boot_id(), "");
  ASSERT_TRUE(call("boot").has_value());
  ASSERT_TRUE(call("plain").has_value());
  EXPECT_EQ(box().boot_id(), "boot1");
  ASSERT_TRUE(call("boot").has_value());
  EXPECT_EQ(box().boot_id(), "boot2");
}

TEST_F(ToolBoxTest, FailuresThatAModelCanActOnAreReplies) {
  add(named_tool("fails"),
      [](ToolCall&, const CallContext&) -> Result<CallToolResult> { return not_found("no such file"); });
  const auto failed = call("fails");
  EXPECT_EQ(failed->outcome, ToolOutcome::error);
  EXPECT_EQ(failed->content.at(0).at("text"), "no such file");
  const auto unknown = call("nope");
  EXPECT_EQ(unknown->outcome, ToolOutcome::error);
  EXPECT_EQ(unknown->content.at(0).at("text"), "Unknown tool: nope");
}

TEST_F(ToolBoxTest, FencingAndLossOfThePeerAreErrors) {
  add(named_tool("fenced"),
      [](ToolCall&, const CallContext&) -> Result<CallToolResult> { return fenced("old epoch"); });
  EXPECT_EQ(call("fenced").error().code, ErrorCode::fenced);
}

TEST_F(ToolBoxTest, AStoppedCallIsAReply) {
  add(named_tool("echo"), echo_handler);
  ToolBox& tools = box();
  std::stop_source stop;
  stop.request_stop();
  const auto reply = tools.call_tool({"c", "echo", Json::object()}, {}, CallContext{}.with_stop(stop.get_token()));
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->outcome, ToolOutcome::error);
}

}  // namespace
}  // namespace ottobot::mcp
