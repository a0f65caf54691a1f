// Windows of a real desktop under jwm.
#include "sandboxd/gui_fixture.hpp"

namespace ottobot::sandboxd {
namespace {

using ::testing::HasSubstr;

constexpr Colour kRed{0xC0, 0x20, 0x40}, kBlue{0x20, 0x40, 0xC0};

struct Box {
  int x, y, width, height;
};

class GuiWindows : public GuiFixture {
 protected:
  Box box(const Json& json) {
    return {static_cast<int>(get_int(json, "x")), static_cast<int>(get_int(json, "y")),
            static_cast<int>(get_int(json, "width")), static_cast<int>(get_int(json, "height"))};
  }
  Json act(const std::string& tool, Json args) { return done(tool, args).structured.value("window", Json::object()); }
  Box work_area() { return box(done("gui_get_window_info").structured["work_area"]); }
  // In the middle of the window, nine of ten pixels have its colour.
  bool shows(Colour colour, const Box& at) {
    return screenshot().share_of(colour, at.x + at.width / 4, at.y + at.height / 4, at.width / 2, at.height / 2) > 90;
  }
};

TEST_F(GuiWindows, TwoHalvesCoverWhatThePanelLeaves) {
  const Json red = open_terminal("red", "cat", "#C02040");
  const Json blue = open_terminal("blue", "cat", "#2040C0");
  const Box area = work_area();
  EXPECT_EQ(area.width, kWidth);
  EXPECT_LT(area.height, kHeight) << "jwm's panel takes some";
  const Box left = box(act("tile_window_left", {{"windowId", red["id"]}}));
  const Box right = box(act("tile_window_right", {{"windowId", blue["id"]}}));
  EXPECT_EQ(left.x, area.x);
  EXPECT_EQ(left.y, area.y);
  EXPECT_EQ(left.height, area.height);
  EXPECT_EQ(right.x, left.x + left.width);
  EXPECT_EQ(right.x + right.width, area.x + area.width);
  EXPECT_EQ(right.y, area.y);
  EXPECT_EQ(right.height, area.height);
  // So it is on the screen.
  EXPECT_TRUE(eventually([&] { return shows(kRed, left) && shows(kBlue, right); }));
  const Shot shot = screenshot();
  EXPECT_GT(shot.share_of(kRed, left.x + left.width - 8, area.height - 200, 6, 150), 90);
  EXPECT_GT(shot.share_of(kBlue, right.x + 2, area.height - 200, 6, 150), 90);
}

TEST_F(GuiWindows, FourQuarters) {
  const Json window = open_terminal("red", "cat", "#C02040");
  const Box area = work_area();
  const Box top_left = box(act("tile_window_top_left", {{"windowId", window["id"]}}));
  const Box bottom_left = box(act("tile_window_bottom_left", {{"windowId", window["id"]}}));
  const Box top_right = box(act("tile_window_top_right", {{"windowId", window["id"]}}));
  const Box bottom_right = box(act("tile_window_bottom_right", {{"windowId", window["id"]}}));
  EXPECT_EQ(top_left.y + top_left.height, bottom_left.y);
  EXPECT_EQ(bottom_left.y + bottom_left.height, area.y + area.height);
  EXPECT_EQ(top_left.x + top_left.width, top_right.x);
  EXPECT_EQ(bottom_right.x, top_right.x);
  EXPECT_EQ(bottom_right.y, bottom_left.y);
  EXPECT_EQ(bottom_right.x + bottom_right.width, area.x + area.width);
  EXPECT_EQ(top_left.x, area.x);
  EXPECT_EQ(top_left.y, area.y);
}

TEST_F(GuiWindows, MovesResizesAndCentres) {
  const Json window = open_terminal("red", "cat", "#C02040");
  const Box moved = box(act("move_window", {{"windowId", window["id"]}, {"x", 123}, {"y", 45}}));
  EXPECT_EQ(moved.x, 123);
  EXPECT_EQ(moved.y, 45);
  EXPECT_EQ(moved.width, get_int(window, "width"));
  const Box sized = box(act("resize_window", {{"windowId", window["id"]}, {"width", 600}, {"height", 400}}));
  EXPECT_EQ(sized.x, 123);
  // A terminal has whole characters: a little less than asked for.
  EXPECT_NEAR(sized.width, 600, 12);
  EXPECT_NEAR(sized.height, 400, 24);
  const Box area = work_area();
  const Box middle = box(act("center_window", {{"windowId", window["id"]}}));
  EXPECT_NEAR(middle.x - area.x, area.x + area.width - (middle.x + middle.width), 1);
  EXPECT_NEAR(middle.y - area.y, area.y + area.height - (middle.y + middle.height), 1);
  EXPECT_TRUE(eventually([&] { return shows(kRed, middle); }));
  EXPECT_EQ(box(find("red")).x, middle.x);
}

TEST_F(GuiWindows, MinimisesAndShowsAgain) {
  const Json window = open_terminal("red", "cat", "#C02040");
  const Box place = box(window);
  ASSERT_TRUE(eventually([&] { return shows(kRed, place); }));
  EXPECT_EQ(get_string(act("minimize_window", {{"windowId", window["id"]}}), "state"), "minimized");
  EXPECT_TRUE(eventually([&] { return !shows(kRed, place); }));
  EXPECT_EQ(get_string(find("red"), "state"), "minimized");
  const Json again = act("gui_activate_window", {{"windowId", window["id"]}});
  EXPECT_EQ(get_string(again, "state"), "normal");
  EXPECT_TRUE(get_bool(again, "active"));
  EXPECT_TRUE(eventually([&] { return shows(kRed, place); }));
}

TEST_F(GuiWindows, ArrangingShowsAMinimisedOne) {
  const Json window = open_terminal("red", "cat", "#C02040");
  act("minimize_window", {{"windowId", window["id"]}});
  const Json tiled = act("tile_window_left", {{"windowId", window["id"]}});
  EXPECT_EQ(get_string(tiled, "state"), "normal");
  EXPECT_TRUE(eventually([&] { return shows(kRed, box(tiled)); }));
}

TEST_F(GuiWindows, ActivatingBringsToTheFront) {
  const Json red = open_terminal("red", "cat", "#C02040");
  const Json blue = open_terminal("blue", "cat", "#2040C0");
  for (const Json* window : {&red, &blue}) act("tile_window_left", {{"windowId", (*window)["id"]}});
  const Box place = box(find("red"));
  act("gui_activate_window", {{"windowId", red["id"]}});
  EXPECT_TRUE(eventually([&] { return shows(kRed, place); }));
  act("gui_activate_window", {{"windowId", blue["id"]}});
  EXPECT_TRUE(eventually([&] { return shows(kBlue, place); }));
  const Json info = done("gui_get_window_info").structured;
  EXPECT_EQ(info["active_window"]["id"], blue["id"]);
  EXPECT_EQ(info["screen"]["width"], kWidth);
}

TEST_F(GuiWindows, TakesIdsAsNumbersAndAsText) {
  const Json window = open_terminal("red", "cat");
  const auto id = get_int(window, "id");
  char hex[16];
  std::snprintf(hex, sizeof hex, "0x%llx", static_cast<unsigned long long>(id));
  for (const Json& spelled : {Json(id), Json(std::to_string(id)), Json(hex)}) {
    EXPECT_EQ(act("gui_activate_window", {{"windowId", spelled}})["id"], id) << spelled;
  }
  EXPECT_THAT(problem("gui_activate_window", {{"windowId", "red"}}), HasSubstr("windowId"));
}

TEST_F(GuiWindows, AnUnknownWindowIsAnsweredWithWhatThereIs) {
  open_terminal("red", "cat");
  const std::string said = problem("move_window", {{"windowId", 12345}, {"x", 1}, {"y", 1}});
  EXPECT_THAT(said, HasSubstr("no window has the id 12345"));
  EXPECT_THAT(said, HasSubstr("\"red\" (XTerm)"));
}

TEST_F(GuiWindows, FindsByTitleAndClass) {
  const Json window = open_terminal("Änderung-42", "cat");
  EXPECT_EQ(get_string(window, "title"), "Änderung-42");
  EXPECT_EQ(get_string(window, "class"), "XTerm");
  EXPECT_EQ(get_string(window, "state"), "normal");
  for (const char* pattern : {"änderung-[0-9]+", "^XTERM$", "42"}) {
    const auto found = done("gui_find_window", {{"namePattern", pattern}}).structured["windows"];
    EXPECT_TRUE(std::any_of(found.begin(), found.end(), [&](const Json& w) { return w["id"] == window["id"]; }))
        << pattern;
  }
  const auto none = done("gui_find_window", {{"namePattern", "nothing like it"}});
  EXPECT_TRUE(none.structured["windows"].empty());
  EXPECT_THAT(text(none), HasSubstr("Änderung-42"));
  const std::string bad = problem("gui_find_window", {{"namePattern", "a(b"}});
  EXPECT_THAT(bad, HasSubstr("offset 3"));
  EXPECT_THAT(bad, HasSubstr("namePattern"));
}

}  // namespace
}  // namespace ottobot::sandboxd
