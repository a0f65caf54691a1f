#include "ottobot/session/chat_frames.hpp"

namespace ottobot {
namespace {

Event stored(NewEvent event) { return {7, event.id, event.type, 1234, event.data, event.internal}; }

TEST(ChatFrames, PromptsCarryTheirSeqAndTheClientsId) {
  const auto frames = chat_frames(stored(events::user_prompt("hi", "c1")));
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0], (Json{{"type", "user_prompt"},
                             {"content", "hi"},
                             {"timestamp", 1234},
                             {"seq", 7},
                             {"metadata", {{"client_id", "c1"}}}}));
}

TEST(ChatFrames, ToolsShowWhatTheyDoAndWhatCameOfIt) {
  const ToolCallPart call{"c1", "", "write_file", {{"path", "a.ts"}}, nullptr};
  const auto intent = chat_frames(stored(events::tool_intent(call, "boot", false)));
  EXPECT_EQ(intent[0]["content"], "Using write_file...");
  EXPECT_EQ(intent[0]["metadata"]["args"]["path"], "a.ts");
  EXPECT_FALSE(intent[0]["metadata"].contains("boot_id"));
  const auto result = chat_frames(stored(events::tool_result(
      {"c1", "", "write_file", ToolOutcome::ok, Json::array({{{"type", "text"}, {"text", "done"}}}), nullptr})));
  EXPECT_EQ(result[0]["content"], "Tool result: done");
  EXPECT_EQ(result[0]["metadata"]["outcome"], "ok");
}

TEST(ChatFrames, AFailedTurnSaysWhyBeforeItSaysReady) {
  const auto frames = chat_frames(
      stored(events::turn_finished({TurnOutcome::failed, 1, {}, unauthenticated("no key", "set one").value()})));
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0]["type"], "error");
  EXPECT_EQ(frames[0]["error"], "no key");
  EXPECT_EQ(frames[0]["content"], "no key (set one)");
  EXPECT_FALSE(frames[0].contains("seq"));
  EXPECT_EQ(frames[1]["type"], "system_update");
  EXPECT_EQ(frames[1]["metadata"]["session_status"], "ready");
  EXPECT_EQ(frames[1]["metadata"]["error"],
            Json({{"code", "unauthenticated"}, {"message", "no key"}, {"hint", "set one"}}));
  EXPECT_EQ(frames[1]["seq"], 7);
}

TEST(ChatFrames, AnAnswerWithoutTextIsNotShown) {
  const Message silent{Role::model, {ToolCallPart{"c1", "", "x", Json::object(), nullptr}}};
  EXPECT_FALSE(is_chat_visible(stored(events::agent_message(silent, {}))));
  EXPECT_TRUE(chat_frames(stored(events::agent_message(silent, {}))).empty());
}

TEST(ChatFrames, InternalEventsStayOut) {
  for (NewEvent event : {events::session_created({}), events::model_call_started("m", 1, "h"),
                         events::delete_requested("user"), events::log(LogLevel::info, "x")}) {
    EXPECT_TRUE(chat_frames(stored(std::move(event))).empty());
  }
}

TEST(ChatFrames, LongResultsAreCutBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "€";
  const auto frames = chat_frames(stored(events::tool_result(
      {"c1", "", "x", ToolOutcome::ok, Json::array({{{"type", "text"}, {"text", text}}}), nullptr})));
  const auto content = frames[0]["content"].get<std::string>();
  EXPECT_LT(content.size(), 2100u);
  EXPECT_TRUE(utf8_length(content).has_value());
}

TEST(ChatFrames, DeltasHaveNoSeq) {
  const Json frame = delta_frame({{"kind", "delta"}, {"message_id", "m"}, {"offset", 3}, {"text", "abc"}}, 9);
  EXPECT_EQ(frame["type"], "agent_delta");
  EXPECT_EQ(frame["metadata"], (Json{{"message_id", "m"}, {"offset", 3}}));
  EXPECT_FALSE(frame.contains("seq"));
  EXPECT_TRUE(delta_frame({{"kind", "stop"}}, 9).is_null());
}

}  // namespace
}  // namespace ottobot
