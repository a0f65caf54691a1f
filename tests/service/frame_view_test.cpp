#include "frame_view.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace ottobot::cli {
namespace {

Json delta(int offset, const char* text, const char* id = "m") {
  return {{"type", "agent_delta"}, {"content", text}, {"metadata", {{"message_id", id}, {"offset", offset}}}};
}

Json response(const char* text, const char* id = "m") {
  return {{"type", "agent_response"}, {"content", text}, {"metadata", {{"message_id", id}}}};
}

std::string shown(const std::vector<Json>& frames) {
  std::ostringstream out;
  FrameView view(out, false);
  for (const Json& frame : frames) view.frame(frame);
  return out.str();
}

TEST(FrameView, StreamedTextIsNotRepeatedByItsMessage) {
  EXPECT_EQ(shown({delta(0, "Hel"), delta(3, "lo"), response("Hello"), response("Hello", "n")}), "Hello\nHello\n");
}

TEST(FrameView, AGapIsFilledByTheMessage) {
  EXPECT_EQ(shown({delta(0, "gr\xc3\xbc"), delta(9, "lost"), response("gr\xc3\xbc\xc3\x9f dich")}),
            "gr\xc3\xbc\xc3\x9f dich\n");
  EXPECT_EQ(shown({delta(5, "late"), response("All of it")}), "All of it\n");
}

TEST(FrameView, TextSentAgainIsShownOnce) {
  EXPECT_EQ(shown({delta(0, "abc"), delta(0, "abc"), response("abcd")}), "abcd\n");
}

TEST(FrameView, ADroppedAnswerIsSaidToBeOne) {
  Json reset = delta(0, "");
  reset["metadata"]["reset"] = true;
  EXPECT_EQ(shown({delta(0, "Wro"), reset, delta(0, "Right"), response("Right")}),
            "Wro\n(that answer does not count)\nRight\n");
}

TEST(FrameView, ShowsWhatACallIsAbout) {
  EXPECT_EQ(shown({{{"type", "agent_action"},
                    {"content", "Using execute_command..."},
                    {"metadata", {{"tool_used", "execute_command"}, {"args", {{"command", "npm\ntest"}}}}}},
                   {{"type", "agent_action"},
                    {"content", "Tool result: all\nwell\x1b[2J"},
                    {"metadata", {{"tool_used", "execute_command"}, {"outcome", "ok"}}}}}),
            "\xe2\x86\x92 execute_command npm test\n\xe2\x86\x90 ok all well [2J\n");
}

TEST(FrameView, TellsTheCommandThatGetsTheProject) {
  EXPECT_EQ(shown({{{"type", "download_ready"},
                    {"content", "The project is ready to download"},
                    {"metadata", {{"download_url", "/download/V1StGXR8_Z5jdHi6B-myT"}}}}}),
            "\xc2\xb7 The project is ready to download: ottobot download V1StGXR8_Z5jdHi6B-myT\n");
}

TEST(FrameView, AFailedTurnSaysWhyOnce) {
  EXPECT_EQ(shown({{{"type", "error"}, {"error", "no quota"}, {"content", "no quota"}},
                   {{"type", "system_update"},
                    {"content", "Turn failed"},
                    {"metadata", {{"outcome", "failed"}, {"session_status", "ready"}, {"error", "no quota"}}}}}),
            "\xe2\x9c\x97 no quota\n! Turn failed\n");
}

}  // namespace
}  // namespace ottobot::cli
