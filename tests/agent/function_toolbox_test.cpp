#include "ottobot/toolbox.hpp"

namespace ottobot {
namespace {

FunctionToolBox make_box() {
  FunctionToolBox box;
  box.add({"add", "Adds", {{"type", "object"}}, true}, [](const Json& args, const CallContext&) -> Result<ToolReply> {
    return text_reply(std::to_string(get_int(args, "a") + get_int(args, "b")));
  });
  box.add({"refuse", "", {}, false},
          [](const Json&, const CallContext&) -> Result<ToolReply> { return invalid_argument("no", "say please"); });
  box.add({"explode", "", {}, false},
          [](const Json&, const CallContext&) -> Result<ToolReply> { throw std::runtime_error("bang"); });
  return box;
}

std::string text_from(ToolBox& box, const std::string& name, const Json& args, ToolOutcome expected) {
  auto reply = box.call_tool({"c", name, args}, {}, CallContext{});
  EXPECT_TRUE(reply);
  EXPECT_EQ(reply->outcome, expected);
  return text_of_content(reply->content);
}

TEST(FunctionToolBox, RunsFunctionsAndListsThemInOrder) {
  auto box = make_box();
  EXPECT_EQ(text_from(box, "add", {{"a", 2}, {"b", 3}}, ToolOutcome::ok), "5");
  const auto specs = box.list_tools(CallContext{});
  ASSERT_EQ(specs->size(), 3u);
  EXPECT_EQ(specs->at(0).name, "add");
}

TEST(FunctionToolBox, FailuresAreRepliesForTheModel) {
  auto box = make_box();
  EXPECT_EQ(text_from(box, "refuse", {}, ToolOutcome::error), "no\nHint: say please");
  EXPECT_EQ(text_from(box, "explode", {}, ToolOutcome::error), "the tool threw: bang");
  EXPECT_EQ(text_from(box, "nothing", {}, ToolOutcome::error), "there is no tool 'nothing'");
}

TEST(FunctionToolBox, ArgumentsThatBreakTheSchemaNeverReachTheFunction) {
  FunctionToolBox box;
  int ran = 0;
  const Json schema = {{"type", "object"},
                       {"properties", {{"path", {{"type", "string"}}}, {"line", {{"type", "integer"}}}}},
                       {"required", {"path"}},
                       {"additionalProperties", false}};
  box.add({"open", "", schema, true}, [&](const Json&, const CallContext&) -> Result<ToolReply> {
    ++ran;
    return text_reply("opened");
  });
  EXPECT_EQ(text_from(box, "open", {{"path", "a"}, {"line", 3}}, ToolOutcome::ok), "opened");
  const std::string wrong = text_from(box, "open", {{"pth", "a"}, {"line", "3"}}, ToolOutcome::error);
  EXPECT_NE(wrong.find("missing argument `path`"), std::string::npos) << wrong;
  EXPECT_NE(wrong.find("did you mean `path`?"), std::string::npos) << wrong;
  EXPECT_NE(wrong.find("argument `line`"), std::string::npos) << wrong;
  EXPECT_EQ(text_from(box, "open", Json::array(), ToolOutcome::error), "the arguments must be an object");
  EXPECT_EQ(ran, 1);
}

TEST(FunctionToolBox, ASchemaThatCannotBeUsedIsSaidWhenTheToolsAreListed) {
  FunctionToolBox box;
  box.add({"odd", "", {{"type", 5}}, true}, [](const Json&, const CallContext&) -> Result<ToolReply> { return {}; });
  const auto listed = box.list_tools({});
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(listed.error().message.find("odd"), std::string::npos);
}

TEST(FunctionToolBox, EveryInstanceIsABootOfItsOwn) { EXPECT_NE(make_box().boot_id(), make_box().boot_id()); }

}  // namespace
}  // namespace ottobot
