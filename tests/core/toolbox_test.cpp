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

TEST(FunctionToolBox, EveryInstanceIsABootOfItsOwn) { EXPECT_NE(make_box().boot_id(), make_box().boot_id()); }

}  // namespace
}  // namespace ottobot
