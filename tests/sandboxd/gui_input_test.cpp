// Clicks, keys and pictures on a real desktop.
#include <signal.h>

#include "net/process/spawn.hpp"
#include "sandboxd/gui_fixture.hpp"

namespace ottobot::sandboxd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class GuiInput : public GuiFixture {
 protected:
  // A terminal that writes what is typed into `file`, until ctrl+d.
  void open_writer(const std::string& title, const std::string& file) {
    const Json window = open_terminal(title, "sh -c 'cat > " + file + "'");
    done("gui_activate_window", {{"windowId", window["id"]}});
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(workspace_ / file); }));
  }
  void click_into(const Json& window) {
    done("gui_click", {{"x", get_int(window, "x") + get_int(window, "width") / 2},
                       {"y", get_int(window, "y") + get_int(window, "height") / 2}});
  }
};

TEST_F(GuiInput, AnAgentUsesATerminalAndSeesWhatItDid) {
  const Json window = open_terminal("shell", "bash --norc", "#204060");
  const Json tiled = done("tile_window_left", {{"windowId", window["id"]}}).structured["window"];
  const Json other = open_terminal("other", "cat", "#602020");  // takes the keyboard
  done("tile_window_right", {{"windowId", other["id"]}});
  click_into(tiled);
  ASSERT_TRUE(eventually([&] { return get_bool(find("shell"), "active"); }));
  const auto typed =
      done("gui_type", {{"text", "clear; echo 'It works' | tee out.txt; printf '\\e[42m%400s\\e[0m\\n'\n"}});
  EXPECT_THAT(text(typed), HasSubstr("\"shell\""));
  EXPECT_TRUE(comes_to_read("out.txt", "It works\n"));
  // The output is on the screen: a green stripe of several lines in the left half, none in the right one.
  const auto green = [&](int left, const Shot& shot) {
    return shot.share_of({0, 205, 0}, left, 30, kWidth / 2 - 10, 200);
  };
  EXPECT_TRUE(eventually([&] { return green(0, screenshot()) > 10; }));
  const Shot shot = screenshot();
  EXPECT_EQ(green(kWidth / 2, shot), 0);
  EXPECT_EQ(shot.width, kWidth);
  EXPECT_EQ(shot.height, kHeight);
}

TEST_F(GuiInput, AnyTextArrivesAsItIsAlsoUnderCapsLock) {
  const std::string text =
      "The quick brown Fox, 42!\n\tÄÖÜ äöü ß é ñ €\nпривет \"мир\" — 日本語 ελληνικά\n😀🚀 x\u0302 ∑ ≠ "
      "¡@#$%^&*()_+{}|~`\\n\n";
  open_writer("writer", "typed.txt");
  done("gui_type", {{"text", text}});
  EXPECT_TRUE(comes_to_read("typed.txt", text)) << workspace_.read("typed.txt");
  done("gui_key", {{"key", "Caps_Lock"}});
  done("gui_type", {{"text", text}});
  EXPECT_TRUE(comes_to_read("typed.txt", text + text)) << workspace_.read("typed.txt");
  // It was on and still is: what presses plain keys gets capitals.
  done("execute_command", {{"command", "xdotool key a key Return"}});
  EXPECT_TRUE(comes_to_read("typed.txt", text + text + "A\n")) << workspace_.read("typed.txt");
}

TEST_F(GuiInput, MoreCharactersThanTheKeyboardHasKeys) {
  std::string all;
  for (int i = 0; i < 600; ++i) {
    const int point = 0x4E00 + i * 7;
    all += {static_cast<char>(0xE0 | point >> 12), static_cast<char>(0x80 | (point >> 6 & 0x3F)),
            static_cast<char>(0x80 | (point & 0x3F))};
    if (i % 60 == 59) all += "\n";
  }
  open_writer("writer", "typed.txt");
  done("gui_type", {{"text", all}});
  EXPECT_TRUE(comes_to_read("typed.txt", all)) << workspace_.read("typed.txt");
}

TEST_F(GuiInput, LongTexts) {
  std::string all;
  for (int line = 0; line < 400; ++line) all += std::to_string(line) + " Lorem ipsum dolor sit amet, consectetur\n";
  open_writer("writer", "typed.txt");
  const auto typed = done("gui_type", {{"text", all}});
  EXPECT_THAT(text(typed), HasSubstr("Typed " + std::to_string(all.size()) + " characters"));
  EXPECT_TRUE(comes_to_read("typed.txt", all)) << workspace_.read("typed.txt").size();
}

TEST_F(GuiInput, KeysAndChords) {
  open_writer("writer", "typed.txt");
  done("gui_type", {{"text", "abc"}});
  done("gui_key", {{"key", "BackSpace"}});
  done("gui_key", {{"key", "D"}});
  done("gui_key", {{"key", "?"}});
  done("gui_key", {{"key", "€"}});
  done("gui_key", {{"key", "shift+1"}});
  done("gui_key", {{"key", "Enter"}});
  EXPECT_TRUE(comes_to_read("typed.txt", "abD?€!\n")) << workspace_.read("typed.txt");
  done("gui_key", {{"key", "Ctrl+D"}});  // the end of its input, and so of the terminal
  EXPECT_TRUE(eventually([&] {
    return done("gui_find_window", {{"namePattern", "^writer$"}}).structured["windows"].empty();
  }));
  EXPECT_THAT(problem("gui_key", {{"key", "Retrun"}}), HasSubstr("did you mean 'Return'?"));
}

TEST_F(GuiInput, ClicksOutsideTheScreenSayHowLargeItIs) {
  const std::string right = problem("gui_click", {{"x", 1000}, {"y", 5}});
  EXPECT_THAT(right, HasSubstr("(1000, 5) is outside the screen"));
  EXPECT_THAT(right, HasSubstr("x goes from 0 to 999 and y from 0 to 699"));
  EXPECT_THAT(problem("gui_click", {{"x", 5}, {"y", -1}}), HasSubstr("outside the screen"));
  EXPECT_THAT(problem("gui_click", {{"x", 5}, {"y", 5}, {"to_x", 5}, {"to_y", 700}}), HasSubstr("outside the screen"));
  done("gui_click", {{"x", 999}, {"y", 0}});
}

TEST_F(GuiInput, DoubleClickSelectsAndTheMiddleButtonPastes) {
  const Json words = open_terminal("words", "sh -c 'yes selected | head -100; cat'");
  const Json tiled = done("tile_window_left", {{"windowId", words["id"]}}).structured["window"];
  // Without lines, what is pasted is in the file as soon as it arrives.
  const Json pasted = open_terminal("pasted", "sh -c 'stty -icanon; cat > pasted.txt'");
  const Json other = done("tile_window_right", {{"windowId", pasted["id"]}}).structured["window"];
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(workspace_ / "pasted.txt"); }));
  // The text begins at the window's left edge; every line of it is the same. What is selected is black on white.
  const int x = static_cast<int>(get_int(tiled, "x")) + 20;
  const auto white = [&] { return screenshot().share_of({255, 255, 255}, x - 10, 196, 20, 8); };
  ASSERT_TRUE(eventually([&] { return white() > 5; }));
  done("gui_click", {{"x", x}, {"y", 200}, {"clicks", 2}});
  ASSERT_TRUE(eventually([&] { return white() > 50; }));
  done("gui_click", {{"x", get_int(other, "x") + 100}, {"y", 200}, {"button", "middle"}});
  EXPECT_TRUE(comes_to_read("pasted.txt", "selected")) << workspace_.read("pasted.txt");
}

// The window manager decides whom a click into a window in the background is for, and holds the pointer meanwhile.
TEST_F(GuiInput, ClicksOneAfterTheOtherStayWhereTheyWere) {
  done("gui_get_window_info");
  done("execute_command_async", {{"command", "exec xev -name clicked -event button > clicks.txt"}});
  const Json tiled = done("tile_window_left", {{"windowId", find("clicked")["id"]}}).structured["window"];
  const Json front = open_terminal("front", "cat");
  done("tile_window_right", {{"windowId", front["id"]}});
  const int x = static_cast<int>(get_int(tiled, "x")) + 20;
  int expected = 0;
  for (int round = 1; round <= 10; ++round) {
    done("gui_activate_window", {{"windowId", front["id"]}});
    done("gui_click", {{"x", x}, {"y", 200}, {"clicks", 2}});
    done("gui_click", {{"x", x + 60}, {"y", 260}});
    expected += 3;
  }
  done("execute_command", {{"command", "xdotool search --name '^clicked$' windowkill; true"}});
  const auto count = [&](const std::string& word) {
    const std::string seen = workspace_.read("clicks.txt");
    int found = 0;
    for (auto at = seen.find(word); at != std::string::npos; at = seen.find(word, at + 1)) ++found;
    return found;
  };
  EXPECT_TRUE(eventually([&] { return count("ButtonRelease") == expected; })) << workspace_.read("clicks.txt");
  EXPECT_EQ(count("root:(" + std::to_string(x) + ",200)"), 2 * 2 * expected / 3) << workspace_.read("clicks.txt");
  EXPECT_EQ(count("root:(" + std::to_string(x + 60) + ",260)"), 2 * expected / 3) << workspace_.read("clicks.txt");
}

TEST_F(GuiInput, DragsAWindowByItsTitle) {
  const Json before = open_terminal("dragged", "cat");
  const int x = static_cast<int>(get_int(before, "x")), y = static_cast<int>(get_int(before, "y"));
  done("gui_click", {{"x", x + 100}, {"y", y + 12}, {"to_x", x + 160}, {"to_y", y + 92}});
  EXPECT_TRUE(eventually([&] {
    const Json now = find("dragged");
    return get_int(now, "x") == x + 60 && get_int(now, "y") == y + 80;
  })) << find("dragged");
}

TEST_F(GuiInput, CallsAtTheSameTimeDoNotMix) {
  open_writer("writer", "typed.txt");
  const std::string small(200, 'a'), large(200, 'B');
  std::thread other([&] { done("gui_type", {{"text", small + "\n"}}); });
  done("gui_type", {{"text", large + "\n"}});
  other.join();
  EXPECT_TRUE(eventually([&] { return workspace_.read("typed.txt").size() == 402; }));
  EXPECT_THAT(workspace_.read("typed.txt"), ::testing::AnyOf(small + "\n" + large + "\n", large + "\n" + small + "\n"));
}

TEST_F(GuiInput, GoesOnAfterXvncWasKilled) {
  open_terminal("lost", "cat");
  auto found = net::run({.argv = {"pgrep", "-f", "rfbunixpath " + (run_ / "rfb.sock")}}, limit());
  ASSERT_TRUE(found);
  const pid_t server = std::stoi(found->out);
  ASSERT_EQ(::kill(server, SIGKILL), 0);
  ASSERT_TRUE(eventually([&] { return ::kill(server, 0) != 0; }));
  EXPECT_EQ(screenshot().width, kWidth);
  // What was on the old display went with it; new windows work.
  EXPECT_THAT(text(done("gui_get_window_info")), Not(HasSubstr("\"lost\"")));
  open_writer("writer", "typed.txt");
  done("gui_type", {{"text", "here again\n"}});
  EXPECT_TRUE(comes_to_read("typed.txt", "here again\n"));
}

TEST_F(GuiInput, ACancelledCallLeavesNoKeyDown) {
  open_writer("writer", "typed.txt");
  std::stop_source stop;
  std::thread caller([&] {
    mcp::CallOptions options;
    options.meta = {{"ottobot/call-id", "long"}};
    std::string capitals;
    for (int i = 0; i < 1500; ++i) capitals += std::string(60, 'X') + "\n";
    (void)client_->call_tool("gui_type", {{"text", capitals}}, options, limit());
  });
  EXPECT_TRUE(eventually([&] { return !workspace_.read("typed.txt").empty(); }));
  EXPECT_TRUE(toolset_->journal().cancel("long"));
  caller.join();
  done("gui_type", {{"text", "\nend\n"}});
  EXPECT_TRUE(eventually([&] { return workspace_.read("typed.txt").ends_with("\nend\n"); }));
  done("execute_command", {{"command", "xdotool key z key Return"}});
  EXPECT_TRUE(eventually([&] { return workspace_.read("typed.txt").ends_with("\nend\nz\n"); }));
}

class NoDesktop : public GuiFixture {
 protected:
  NoDesktop() { mode_ = DesktopMode::off; }
};

TEST_F(NoDesktop, ToolsAreListedAndSayWhyTheyDoNotWork) {
  auto tools = client_->list_tools(limit());
  ASSERT_TRUE(tools);
  const auto listed = [&](const std::string& name) {
    return std::any_of(tools->begin(), tools->end(), [&](const mcp::Tool& tool) { return tool.name == name; });
  };
  for (const char* name : {"gui_screenshot", "tile_window_bottom_right", "open_vscode"}) EXPECT_TRUE(listed(name));
  EXPECT_THAT(problem("gui_screenshot"), HasSubstr("no desktop"));
  EXPECT_THAT(problem("gui_click", {{"x", 1}, {"y", 1}}), HasSubstr("no desktop"));
  EXPECT_THAT(problem("center_window", {{"windowId", "1"}}), HasSubstr("no desktop"));
  EXPECT_THAT(problem("open_vscode", {{"path", "."}}), HasSubstr("no desktop"));
}

// Programs are looked for in this process's PATH.
class NoPrograms : public GuiFixture {
 protected:
  void SetUp() override {
    const std::string path = std::getenv("PATH");
    ::setenv("PATH", "/nonexistent", 1);
    GuiFixture::SetUp();
    ::setenv("PATH", path.c_str(), 1);
  }
};

TEST_F(NoPrograms, TheErrorNamesWhatToInstall) {
  const std::string said = problem("gui_screenshot");
  EXPECT_THAT(said, HasSubstr("Xvnc, jwm, xterm are not installed"));
  EXPECT_THAT(said, HasSubstr("tigervnc-standalone-server"));
}

}  // namespace
}  // namespace ottobot::sandboxd
