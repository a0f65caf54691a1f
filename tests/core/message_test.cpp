#include "ottobot/message.hpp"

namespace ottobot {
namespace {

TEST(Message, SurvivesTheLogUnchanged) {
  Message message{Role::model, {}};
  message.parts.push_back(ThinkingPart{"hm", {{"provider", "gemini"}, {"thoughtSignature", "c2ln"}}});
  message.parts.push_back(TextPart{"I write", nullptr});
  message.parts.push_back(ToolCallPart{"c1", "vendor-1", "write_file", {{"path", "a"}}, {{"thoughtSignature", "x"}}});
  message.parts.push_back(ToolResultPart{
      "c1", "vendor-1", "write_file", ToolOutcome::unknown, Json::array({{{"type", "text"}}}), {{"exit_code", 1}}});
  const Json stored = to_json(message);
  const auto restored = message_from_json(stored);
  ASSERT_TRUE(restored);
  EXPECT_EQ(to_json(*restored), stored);
}

TEST(Message, RefusesDamagedForms) {
  EXPECT_FALSE(message_from_json(Json::object()));
  EXPECT_FALSE(message_from_json({{"role", "system"}, {"parts", Json::array()}}));
  EXPECT_FALSE(message_from_json({{"role", "user"}, {"parts", {{{"type", "poem"}}}}}));
}

TEST(Message, TextJoinsTextPartsOnly) {
  const Message message{Role::model, {TextPart{"a", nullptr}, ThinkingPart{"secret", nullptr}, TextPart{"b", nullptr}}};
  EXPECT_EQ(text_of(message), "ab");
  EXPECT_EQ(
      text_of_content({{{"type", "text"}, {"text", "x"}}, {{"type", "image"}}, {{"type", "text"}, {"text", "y"}}}),
      "x\ny");
}

TEST(Usage, AddsUpAndRoundTrips) {
  Usage usage{10, 5, 2, 0.5};
  usage += Usage{1, 1, 1, 0.25};
  EXPECT_EQ(usage_from_json(to_json(usage)), (Usage{11, 6, 3, 0.75}));
}

}  // namespace
}  // namespace ottobot
