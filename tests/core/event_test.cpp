#include "ottobot/event.hpp"

namespace ottobot {
namespace {

Json shown_content(Json content) {
  const NewEvent made = events::tool_result({"c", "", "gui_screenshot", ToolOutcome::ok, std::move(content), nullptr});
  return to_public_json({1, made.id, made.type, 5, made.data, made.internal})["data"]["content"];
}

TEST(PublicEvents, TellOfImagesWhatAndHowLargeTheyAre) {
  const Json text{{"type", "text"}, {"text", "The screen"}};
  const Json content = Json::array({text, {{"type", "image"}, {"mimeType", "image/png"}, {"data", "QUJDRA=="}}});
  const Json shown = shown_content(content);
  ASSERT_EQ(shown.size(), 2u);
  EXPECT_EQ(shown[0], text);
  EXPECT_EQ(shown[1], Json({{"type", "image"}, {"mimeType", "image/png"}, {"size_bytes", 4}}));
  EXPECT_EQ(shown_content(Json::array({{{"type", "image"}, {"data", ""}}}))[0]["size_bytes"], 0);
  EXPECT_EQ(shown_content(Json::array({{{"type", "image"}, {"data", "QUJD"}}}))[0]["size_bytes"], 3);
}

TEST(PublicEvents, TakeAnyContent) {
  for (const Json& odd : {Json("text"), Json(nullptr), Json({{"data", "x"}}), Json::array({1, "data"})}) {
    EXPECT_EQ(shown_content(odd), odd);
  }
}

}  // namespace
}  // namespace ottobot
