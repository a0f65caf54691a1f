#include "core/conversation_hash.hpp"

#include <set>

#include <gtest/gtest.h>

namespace ottobot {
namespace {

Message of(Part part, Role role = Role::model) { return {role, {std::move(part)}}; }

TEST(ConversationHash, TellsMessagesApartThatDifferAnywhere) {
  const ToolCallPart call{"c1", "", "read", {{"path", "a"}}, nullptr};
  const ToolResultPart result{"c1", "", "read", ToolOutcome::ok, {{{"type", "text"}, {"text", "x"}}}, nullptr};
  std::vector<Message> messages{of(TextPart{"ab", nullptr}),
                                of(TextPart{"ab", nullptr}, Role::user),
                                of(TextPart{"a", nullptr}),
                                of(ThinkingPart{"ab", nullptr}),
                                of(TextPart{"ab", {{"signature", "s"}}}),
                                {Role::model, {TextPart{"a", nullptr}, TextPart{"b", nullptr}}},
                                {Role::model, {}},
                                of(call),
                                of(result)};
  for (const char* args :
       {R"({"path":"b"})", R"({"pat":"ha"})", R"({"path":["a"]})", R"({"path":1})", R"({"path":"1"})",
        R"({"path":null})", R"({"path":{}})", R"({"path":[]})", R"(["path","a"])", "[[],[]]", "[[[]]]"}) {
    ToolCallPart other = call;
    other.args = Json::parse(args);
    messages.push_back(of(other));
  }
  for (const auto outcome : {ToolOutcome::error, ToolOutcome::unknown}) {
    ToolResultPart other = result;
    other.outcome = outcome;
    messages.push_back(of(other));
  }
  std::set<std::string> hashes;
  for (const Message& message : messages) {
    EXPECT_TRUE(hashes.insert(core::conversation_hash("", message)).second) << dump_json(to_json(message));
    EXPECT_TRUE(hashes.insert(core::conversation_hash("before", message)).second);
    EXPECT_EQ(core::conversation_hash("", message), core::conversation_hash("", Message(message)));
  }
}

}  // namespace
}  // namespace ottobot
