#include "run_view.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace ottobot::cli {
namespace {

Event make_event(NewEvent event) { return {1, event.id, event.type, 0, event.data, nullptr}; }

Json delta(const char* text) { return {{"kind", "delta"}, {"message_id", "m"}, {"offset", 0}, {"text", text}}; }

TEST(RunView, StreamedTextIsNotRepeatedByItsEvent) {
  std::ostringstream out;
  RunView view(out, false);
  view.delta(delta("Hel"));
  view.delta(delta("lo"));
  Message message;
  message.role = Role::model;
  message.parts.push_back(TextPart{"Hello", nullptr});
  NewEvent streamed = events::agent_message(message, {});
  streamed.id = "m";
  view.event(make_event(events::agent_thinking("hm")));
  view.event(make_event(streamed));
  view.event(make_event(events::agent_message(message, {})));
  EXPECT_EQ(out.str(), "Hello\nhm\nHello\n");
}

TEST(RunView, ShowsWhatACallIsAbout) {
  std::ostringstream out;
  RunView view(out, false);
  ToolCallPart call;
  call.name = "execute_command";
  call.args = {{"command", "npm test"}};
  view.event(make_event(events::tool_intent(call, {}, false)));
  EXPECT_EQ(out.str(), "→ execute_command npm test\n");
}

}  // namespace
}  // namespace ottobot::cli
