// Who may type, against the real Xvnc with a window manager and a terminal.
#include "api/viewer_host.hpp"
#include "integration/rfb_viewer.hpp"
#include "net/process/spawn.hpp"
#include "ottobot/testing/results.hpp"
#include "sandboxd/desktop.hpp"
#include "sandboxd/temp_folder.hpp"

namespace ottobot::integration {
namespace {

using ottobot::testing::failed_with;
using ottobot::testing::succeeded;
using namespace std::chrono_literals;

constexpr std::chrono::seconds kPatience{30};
// A terminal that writes down what is typed into it.
constexpr const char* kTerminal =
    "exec xterm -geometry 30x5+1600+300 -e sh -c 'echo up > up; while read line; do echo \"$line\" >> typed; done'";
// In its window, which is beside the console's.
constexpr std::uint32_t kX = 1650, kY = 340;

class DesktopRolesTest : public api::test::ApiTest {
 protected:
  DesktopRolesTest() {
    sandbox_.rfb = [this](net::Exchange& exchange) {
      auto screen = desktop_.connect_rfb(with_timeout(kPatience));
      ASSERT_TRUE(succeeded(screen));
      exchange.upgrade_and_bridge("rfb", {}, {std::move(*screen), {}});
    };
  }

  void SetUp() override {
    ASSERT_NE(desktop_.display(), "") << desktop_.status().message;
    net::SpawnOptions terminal;
    terminal.argv = {"sh", "-c", std::string(kWaitForDesktop) + "; " + kTerminal};
    terminal.env = environment();
    terminal.env->insert_or_assign("DISPLAY", desktop_.display());
    terminal.cwd = run_.path();
    terminal.new_session = true;
    auto started = net::spawn(terminal);
    ASSERT_TRUE(succeeded(started));
    terminal_ = std::move(*started);
    ASSERT_TRUE(eventually([&] { return run_.read("up") == "up\n"; }));
  }
  void TearDown() override { terminal_.kill_group(); }

  std::map<std::string, std::string> environment() const { return {{"PATH", "/usr/bin:/bin"}, {"HOME", run_.path()}}; }
  sandboxd::DesktopOptions desktop_options() const {
    sandboxd::DesktopOptions made;
    made.first_display = 60;
    made.run_folder = made.workspace = run_.path();
    run_.write("console.log", "");
    made.console_file = run_ / "console.log";
    made.own_program = "/usr/bin/tail";  // understands --follow, too
    made.environment = environment();
    return made;
  }
  api::ApiDependencies dependencies() {
    return {*sessions_,
            *store_,
            *http_,
            *server_,
            system_clock(),
            null_logger(),
            [this](const SessionRow&, const CallContext&) -> Result<Endpoint> { return sandbox_.endpoint(); },
            {},
            {},
            {},
            {}};
  }
  static api::ApiOptions patient() {
    api::ApiOptions options;
    options.desktop_control.idle = 10min;  // control changes only when the test says so
    return options;
  }

  static bool eventually(const std::function<bool()>& holds) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!holds() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(10ms);
    return holds();
  }
  bool has_line(const std::string& line) const {
    return ("\n" + run_.read("typed")).find("\n" + line + "\n") != std::string::npos;
  }
  // Again and again: the window may not have the keyboard yet, and what was typed before that is lost.
  bool types(RfbViewer& viewer, const std::string& line) const {
    return eventually([&] {
      viewer.click(kX, kY);
      viewer.type(line);
      return viewer.sync() && eventually_soon([&] { return has_line(line); });
    });
  }
  static bool eventually_soon(const std::function<bool()>& holds) {
    for (int i = 0; i < 50 && !holds(); ++i) std::this_thread::sleep_for(10ms);
    return holds();
  }
  std::string viewer_id(std::size_t index) { return host_.context().desktops.state(id_).viewers.at(index).id; }

  sandboxd::TempFolder run_;
  sandboxd::Desktop desktop_{desktop_options()};
  net::Process terminal_;
  const std::string id_ = create_session();
  api::test::ViewerHost host_{*server_, dependencies(), patient(), id_};
};

TEST_F(DesktopRolesTest, WhoMayOnlyLookTypesAndClicksInVain) {
  RfbViewer watcher(host_.port(), "/view", true);
  RfbViewer person(host_.port(), "/control", true);
  ASSERT_TRUE(watcher.ready());
  ASSERT_TRUE(person.ready());
  watcher.click(kX, kY);
  watcher.type("watcher-first");
  EXPECT_TRUE(watcher.sync());
  EXPECT_TRUE(types(person, "person")) << run_.read("typed");
  watcher.type("watcher-later");
  watcher.click(5, 5);  // would take the keyboard from the terminal
  EXPECT_TRUE(watcher.sync());
  person.type("still-there");
  EXPECT_TRUE(eventually([&] { return has_line("still-there"); })) << run_.read("typed");
  EXPECT_EQ(run_.read("typed").find("watcher"), std::string::npos) << run_.read("typed");
}

TEST_F(DesktopRolesTest, ControlIsHandedOver) {
  RfbViewer a(host_.port(), "/control", true);
  RfbViewer b(host_.port(), "/control", true);
  ASSERT_TRUE(a.ready());
  ASSERT_TRUE(b.ready());
  ASSERT_TRUE(types(a, "a-first")) << run_.read("typed");
  b.type("b-early");
  EXPECT_TRUE(b.sync());
  EXPECT_TRUE(succeeded(host_.context().desktops.take(id_, viewer_id(1))));
  b.type("b-late");
  EXPECT_TRUE(eventually([&] { return has_line("b-late"); })) << run_.read("typed");
  a.type("a-late");
  EXPECT_TRUE(a.sync());
  b.type("end");
  EXPECT_TRUE(eventually([&] { return has_line("end"); })) << run_.read("typed");
  EXPECT_FALSE(has_line("b-early"));
  EXPECT_FALSE(has_line("a-late"));
}

TEST_F(DesktopRolesTest, AShiftHeldByWhoLosesControlIsLetGo) {
  RfbViewer a(host_.port(), "/control", true);
  RfbViewer b(host_.port(), "/control", true);
  ASSERT_TRUE(types(a, "ready")) << run_.read("typed");
  a.send(api::test::rfb::key(0xffe1, true));  // Shift_L
  ASSERT_TRUE(a.sync());
  ASSERT_TRUE(succeeded(host_.context().desktops.take(id_, viewer_id(1))));
  ASSERT_TRUE(a.sync()) << "any message will do";
  b.type("lower");
  EXPECT_TRUE(eventually([&] { return has_line("lower"); })) << run_.read("typed");
}

TEST_F(DesktopRolesTest, NobodyThrowsTheOthersOut) {
  RfbViewer first(host_.port(), "/view", true);
  ASSERT_TRUE(first.sync());
  RfbViewer alone(host_.port(), "/control", false);
  ASSERT_TRUE(alone.ready());
  EXPECT_TRUE(alone.sync());
  EXPECT_TRUE(first.sync());
}

}  // namespace
}  // namespace ottobot::integration
