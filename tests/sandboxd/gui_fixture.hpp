// Tools on a real desktop of their own: Xvnc, jwm and what a test starts on it.
#pragma once

#include <sys/stat.h>

#include "mcp/base64.hpp"
#include "sandboxd/desktop.hpp"
#include "sandboxd/picture.hpp"
#include "sandboxd/tool_fixture.hpp"

namespace ottobot::sandboxd {

class GuiFixture : public ToolFixture {
 protected:
  static constexpr int kWidth = 1000, kHeight = 700;

  void adjust(ToolsetOptions& options) override {
    options.environment["PATH"] = "/usr/bin:/bin";
    desktop_.reset();
    // The console window's program; one that ended would come back again and again and take the keyboard.
    run_.write("console", "#!/bin/sh\nexec sleep 1000000\n");
    ::chmod((run_ / "console").c_str(), 0700);
    desktop_ = std::make_unique<Desktop>(DesktopOptions{.mode = mode_,
                                                        .width = kWidth,
                                                        .height = kHeight,
                                                        .first_display = 50,
                                                        .run_folder = run_.path(),
                                                        .workspace = workspace_.path(),
                                                        .console_file = run_ / "console.log",
                                                        .own_program = run_ / "console",
                                                        .environment = options.environment});
    options.environment["DISPLAY"] = desktop_->display();
    options.desktop = desktop_.get();
  }

  void TearDown() override {
    client_.reset();
    toolset_.reset();
    desktop_.reset();
  }

  // The call must succeed.
  mcp::CallToolResult done(const std::string& tool, const Json& args = Json::object()) {
    auto result = call(tool, args);
    EXPECT_FALSE(result.is_error) << tool << ": " << text(result);
    return result;
  }
  // The call must fail; what it says.
  std::string problem(const std::string& tool, const Json& args = Json::object()) {
    auto result = call(tool, args);
    EXPECT_TRUE(result.is_error) << tool << ": " << text(result);
    return text(result);
  }

  // A terminal that runs `command`; the window, as gui_find_window gives it.
  Json open_terminal(const std::string& title, const std::string& command, const std::string& colour = "black") {
    done("gui_get_window_info");  // the desktop's own windows come first
    done("execute_command_async", {{"command", "exec xterm -T " + title + " -xrm 'xterm*allowTitleOps: false' -bg '" +
                                                   colour + "' -fg white -u8 -e " + command}});
    return find(title);
  }
  Json find(const std::string& title) {
    auto found = done("gui_find_window", {{"namePattern", "^" + title + "$"}, {"wait_s", 20}});
    const Json windows = found.structured.value("windows", Json::array());
    EXPECT_EQ(windows.size(), 1U) << text(found);
    return windows.empty() ? Json::object() : windows[0];
  }

  Shot screenshot() {
    auto result = done("gui_screenshot");
    Shot shot;
    for (const Json& block : result.content) {
      if (get_string(block, "type") != "image") continue;
      EXPECT_EQ(get_string(block, "mimeType"), "image/png");
      shot = read_png(mcp::decode_base64(get_string(block, "data")).value_or("")).value_or(Shot{});
    }
    EXPECT_FALSE(shot.pixels.empty()) << "no picture";
    return shot;
  }

  // True as soon as `condition` holds; false after a while.
  static bool eventually(const std::function<bool()>& condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }
  bool comes_to_read(const std::string& file, const std::string& content) {
    return eventually([&] { return workspace_.read(file) == content; });
  }

  DesktopMode mode_ = DesktopMode::automatic;
  std::unique_ptr<Desktop> desktop_;
};

}  // namespace ottobot::sandboxd
