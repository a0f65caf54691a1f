// The desktop with the real Xvnc, jwm and xterm.
#include <poll.h>
#include <signal.h>

#include "net/process/spawn.hpp"
#include "sandboxd/desktop.hpp"
#include "sandboxd/temp_folder.hpp"

namespace ottobot::sandboxd {
namespace {

class DesktopTest : public ::testing::Test {
 protected:
  DesktopOptions options() const {
    DesktopOptions made;
    made.width = 800;
    made.height = 600;
    made.first_display = 40;
    made.run_folder = run_.path();
    made.workspace = run_.path();
    made.console_file = run_ / "console.log";
    made.own_program = "/bin/cat";
    made.environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", run_.path()}};
    return made;
  }
  static CallContext limit() { return with_timeout(std::chrono::seconds(30)); }
  static std::string greeting(int fd) {
    char buffer[12];
    pollfd event{fd, POLLIN, 0};
    if (::poll(&event, 1, 10000) <= 0 || ::read(fd, buffer, sizeof buffer) != sizeof buffer) return {};
    return {buffer, sizeof buffer};
  }

  TempFolder run_;
};

TEST_F(DesktopTest, StartsAtTheFirstViewer) {
  Desktop desktop(options());
  EXPECT_EQ(desktop.status().state, "idle") << desktop.status().message;
  auto viewer = desktop.connect_rfb(limit());
  ASSERT_TRUE(viewer) << viewer.error().to_string();
  EXPECT_EQ(greeting(viewer->get()), "RFB 003.008\n");
  EXPECT_EQ(desktop.status().state, "running");
}

TEST_F(DesktopTest, StartsWhenAProgramConnectsToTheDisplay) {
  Desktop desktop(options());
  auto result = net::run({.argv = {"xdpyinfo", "-display", desktop.display()}}, limit());
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->status.code, 0) << result->err;
  EXPECT_NE(result->out.find("800x600 pixels"), std::string::npos);
}

TEST_F(DesktopTest, StartsAgainAfterXvncDied) {
  Desktop desktop(options());
  auto first = desktop.connect_rfb(limit());
  ASSERT_TRUE(first);
  ASSERT_EQ(greeting(first->get()), "RFB 003.008\n");
  auto found = net::run({.argv = {"pgrep", "-f", "rfbunixpath " + (run_ / "rfb.sock")}}, limit());
  ASSERT_TRUE(found);
  pid_t server = std::stoi(found->out);
  ASSERT_EQ(::kill(server, SIGKILL), 0);
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (::kill(server, 0) == 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  auto second = desktop.connect_rfb(limit());
  ASSERT_TRUE(second) << second.error().to_string();
  EXPECT_EQ(greeting(second->get()), "RFB 003.008\n");
}

TEST_F(DesktopTest, LeavesNothingBehind) {
  std::string display;
  {
    Desktop desktop(options());
    display = desktop.display();
    ASSERT_TRUE(desktop.connect_rfb(limit()));
  }
  EXPECT_FALSE(std::filesystem::exists("/tmp/.X11-unix/X" + display.substr(1)));
  auto left = net::run({.argv = {"pgrep", "-f", run_.path()}}, limit());
  ASSERT_TRUE(left);
  EXPECT_EQ(left->out, "");
}

TEST_F(DesktopTest, OffMeansNoDisplay) {
  auto without = options();
  without.mode = DesktopMode::off;
  Desktop desktop(without);
  EXPECT_EQ(desktop.display(), "");
  EXPECT_EQ(desktop.status().state, "off");
  EXPECT_FALSE(desktop.connect_rfb(limit()));
}

}  // namespace
}  // namespace ottobot::sandboxd
