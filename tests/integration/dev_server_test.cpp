// A Vite dev server inside a sandbox, and in a browser outside. What it needs is installed from npm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "integration/browser_script.hpp"
#include "integration/scenario.hpp"
#include "integration/server_process.hpp"
#include "integration/session_tools.hpp"

namespace ottobot::integration {
namespace {

namespace fs = std::filesystem;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kStart{60};
constexpr std::chrono::seconds kVisit{120};

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Serves vite_app from a sandbox.
class DevServer : public ::testing::Test {
 protected:
  explicit DevServer(Environment settings = {}) : server_(scenario({turn(1, {step("Here.")})}), std::move(settings)) {}

  void SetUp() override {
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    const SessionClient client(server_.url());
    id_ = client.create("Wait for me");
    ASSERT_FALSE(client.wait_for_turn(id_).is_null()) << server_.log();
    auto tools = SessionTools::connect(client, id_);
    ASSERT_TRUE(tools) << tools.error().to_string();
    tools_.emplace(std::move(*tools));
    for (const auto& file : fs::directory_iterator(OTTOBOT_VITE_APP_DIR)) {
      tools_->done("write_file", {{"path", file.path().filename()}, {"content", read(file)}});
    }
    // Where all that leaves the machine passes a proxy with an authority of its own, Node.js has to be told of it.
    tools_->run("NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm ci --no-audit --no-fund");
  }

  // Empty when there is no answer.
  std::string fetch(const std::string& path) {
    const Json args{{"command", "curl -sfL http://127.0.0.1:5173" + path}};
    return get_string(tools_->done("execute_command", args).structured, "stdout");
  }

  void run_vite(const std::string& more_args = {}) {
    const Json vite = tools_->done("execute_command_async", {{"command", "npm run dev" + more_args}}).structured;
    ASSERT_TRUE(eventually([&] { return fetch("/") != ""; }, kStart))
        << tools_->done("read_process", {{"process_id", vite["process_id"]}}).structured;
  }

  // What the browser said of it.
  std::string change_it_in_a_browser() {
    const auto scripts = BrowserScripts::install();
    EXPECT_TRUE(scripts) << scripts.error().to_string();
    if (!scripts) return {};
    const auto visit = scripts->run("preview.mjs", {server_.url(), id_, "5173"}, kVisit);
    EXPECT_TRUE(visit) << visit.error().to_string();
    if (!visit) return {};
    EXPECT_EQ(visit->status.code, 0) << visit->out << visit->err << server_.log();
    return visit->out;
  }

  ServerProcess server_;
  std::string id_;
  std::optional<SessionTools> tools_;
};

TEST_F(DevServer, StartsInASandboxAndServesWhatIsChanged) {
  run_vite();
  EXPECT_THAT(fetch("/"), HasSubstr("/@vite/client"));
  EXPECT_THAT(fetch("/main.js"), HasSubstr("import.meta.hot.accept"));
  EXPECT_THAT(fetch("/words.js"), HasSubstr("'before'"));
  tools_->done("edit_file", {{"path", "words.js"}, {"old_text", "before"}, {"new_text", "after"}});
  EXPECT_TRUE(eventually([&] { return fetch("/words.js").find("'after'") != std::string::npos; }, kStart));
}

TEST_F(DevServer, IsUsedWithHotReloadAtAHostNameOfItsOwn) {
  run_vite();
  EXPECT_THAT(change_it_in_a_browser(), ContainsRegex("shown at http://5173-[0-9a-f]+.localhost:"));
}

// Where browsers know no such names.
class DevServerAtAPath : public DevServer {
 protected:
  DevServerAtAPath() : DevServer({{"OTTOBOT_PREVIEW_DOMAIN", "none"}}) {}
};

TEST_F(DevServerAtAPath, IsUsedWithHotReload) {
  const std::string base = "/session/" + id_ + "/preview/5173/";
  run_vite(" -- --base " + base);
  EXPECT_THAT(change_it_in_a_browser(), HasSubstr("shown at " + server_.url() + base));
}

}  // namespace
}  // namespace ottobot::integration
