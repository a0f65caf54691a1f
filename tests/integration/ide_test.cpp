// Sessions on the images `full` and `ide` (scripts/build-images), on a container engine: what each environment comes
// with, and VS Code on the desktop and in a browser outside. Skipped where the engine at DOCKER_HOST lacks the images.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "integration/browser_script.hpp"
#include "integration/scenario.hpp"
#include "integration/server_process.hpp"
#include "integration/session_tools.hpp"
#include "mcp/base64.hpp"
#include "net/process/spawn.hpp"
#include "sandboxd/picture.hpp"

namespace ottobot::integration {
namespace {

using ::testing::HasSubstr;

constexpr std::chrono::seconds kSoon{30}, kVsCodeShows{120}, kBrowse{180};
// Of VS Code's dark theme: the editor, and what is around it.
constexpr sandboxd::Colour kEditor{31, 31, 31}, kFrame{24, 24, 24};

Environment on_docker() {
  Environment settings{{"OTTOBOT_BACKEND", "docker"}};
  if (const char* host = std::getenv("DOCKER_HOST")) settings["DOCKER_HOST"] = host;
  return settings;
}

// What the command prints, without the line's end; empty when it fails.
std::string docker(std::vector<std::string> arguments) {
  net::SpawnOptions options;
  options.argv = std::move(arguments);
  options.argv.insert(options.argv.begin(), "docker");
  const auto ran = net::run(options, with_timeout(kSoon));
  if (!ran || ran->status.code != 0) return {};
  return ran->out.substr(0, ran->out.find('\n'));
}

class Images : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* image : {"ottobot-agent:full", "ottobot-agent:ide"}) {
      if (docker({"image", "inspect", "--format", "{{.Id}}", image}).empty())
        GTEST_SKIP() << "no engine with the image " << image << ": scripts/build-images full ide";
    }
    server_.emplace(scenario({turn(1, {step("Here.")})}), on_docker());
    const auto started = server_->start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_.emplace(server_->url());
  }

  void start(const std::string& environment) {
    const auto made = client_->send("POST", "/session", {{"initial_prompt", "Wait"}, {"environment", environment}});
    ASSERT_EQ(made.status, 201) << made.body;
    id_ = get_string(parse_json(made.body).value_or(Json()), "session_id");
    ASSERT_FALSE(client_->wait_for_turn(id_).is_null()) << server_->log();
    auto tools = SessionTools::connect(*client_, id_);
    ASSERT_TRUE(tools) << tools.error().to_string();
    tools_.emplace(std::move(*tools));
  }
  std::string image() const {
    const auto container = docker({"ps", "-q", "--filter", "label=io.ottobot.session=" + id_});
    return docker({"inspect", "--format", "{{.Config.Image}}", container});
  }

  std::optional<ServerProcess> server_;
  std::optional<SessionClient> client_;
  std::optional<SessionTools> tools_;
  std::string id_;
};

TEST_F(Images, PythonAndDataComeWithTheirLibraries) {
  for (const char* environment : {"python", "data-science"}) {
    start(environment);
    EXPECT_EQ(image(), "ottobot-agent:full");
    tools_->run(
        "python3 -m venv --system-site-packages env && env/bin/python -c '\n"
        "import matplotlib, pandas\n"
        "matplotlib.use(\"Agg\")\n"
        "pandas.DataFrame({\"x\": [1, 4, 9]}).plot().get_figure().savefig(\"plot.png\")'");
    EXPECT_THAT(tools_->run("file plot.png"), HasSubstr("PNG image data"));
  }
}

TEST_F(Images, NodeBuildsNativeModulesAndInstallsPrograms) {
  start("node");
  EXPECT_EQ(image(), "ottobot-agent:full");
  EXPECT_THAT(tools_->run("node --version"), HasSubstr("v24."));
  EXPECT_THAT(tools_->run("bash -lc 'node --version && tsc --version'"), HasSubstr("Version 5."));
  EXPECT_THAT(tools_->run("npm config get prefix"), HasSubstr("/home/developer/.local"));
  EXPECT_THAT(tools_->run("test -r $npm_package_config_node_gyp_nodedir/include/node/node_api.h && echo headers"),
              HasSubstr("headers"));
  EXPECT_THAT(
      tools_->run("printf '#include <iostream>\nint main() { std::cout << 42; }' > a.cpp && g++ a.cpp && ./a.out"),
      HasSubstr("42"));
}

TEST_F(Images, ABrowserOpensOnTheDesktop) {
  start("node");
  tools_->run("echo '<title>Opened</title><body style=\"background: #a02060\">' > page.html");
  tools_->done("execute_command_async", {{"command", "chromium file://$PWD/page.html"}});
  const Json found =
      tools_->done("gui_find_window", {{"namePattern", "^Opened - Chromium"}, {"wait_s", 60}}).structured;
  EXPECT_EQ(found["windows"].size(), 1u) << found;
}

class VsCode : public Images {
 protected:
  // The share of the screen that looks like VS Code, in a hundredth.
  int share_of_vscode() {
    for (const Json& block : tools_->done("gui_screenshot").content) {
      const auto png = mcp::decode_base64(get_string(block, "data")).value_or("");
      const auto shot = sandboxd::read_png(png);
      if (!shot) continue;
      std::ofstream(scripts_->dir() / "desktop.png", std::ios::binary) << png;
      return shot->share_of(kEditor, 0, 0, shot->width, shot->height) +
             shot->share_of(kFrame, 0, 0, shot->width, shot->height);
    }
    return 0;
  }
  std::optional<BrowserScripts> scripts_;
};

TEST_F(VsCode, ShowsTheWorkspaceOnTheDesktopAndAsAnAppOfTheSession) {
  auto scripts = BrowserScripts::install();
  ASSERT_TRUE(scripts) << scripts.error().to_string();
  scripts_.emplace(std::move(*scripts));
  start("full-stack");
  EXPECT_EQ(image(), "ottobot-agent:ide");
  tools_->done("write_file", {{"path", "notes.txt"}, {"content", "Written by the agent\n"}});
  const Json opened = tools_->done("open_vscode", {{"path", "notes.txt"}}).structured;
  const std::string port = std::to_string(get_int(opened, "port"));
  EXPECT_THAT(get_string(opened, "url"), HasSubstr("127.0.0.1:" + port));
  EXPECT_TRUE(eventually([&] { return share_of_vscode() > 50; }, kVsCodeShows)) << "see " << scripts_->dir();
  const Json found = tools_->done("gui_find_window", {{"namePattern", "notes.txt"}, {"wait_s", 60}}).structured;
  EXPECT_EQ(found["windows"].size(), 1u) << found;

  const auto looked = scripts_->run("vscode.mjs",
                                    {server_->url(), id_, port, "/workspace", "notes.txt", "Written by the agent",
                                     scripts_->dir() / "outside.png"},
                                    kBrowse);
  ASSERT_TRUE(looked) << looked.error().to_string();
  EXPECT_EQ(looked->status.code, 0) << looked->out << looked->err << server_->log();
  EXPECT_EQ(looked->out, "") << "asked for elsewhere";
}

}  // namespace
}  // namespace ottobot::integration
