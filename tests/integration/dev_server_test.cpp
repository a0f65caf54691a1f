// A Vite dev server inside a sandbox: what it needs is installed there, from npm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "integration/scenario.hpp"
#include "integration/server_process.hpp"
#include "integration/session_tools.hpp"

namespace ottobot::integration {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kStart{60};

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class DevServer : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    const SessionClient client(server_.url());
    const std::string id = client.create("Wait for me");
    ASSERT_FALSE(client.wait_for_turn(id).is_null()) << server_.log();
    auto tools = SessionTools::connect(client, id);
    ASSERT_TRUE(tools) << tools.error().to_string();
    tools_.emplace(std::move(*tools));
    for (const auto& file : fs::directory_iterator(OTTOBOT_VITE_APP_DIR)) {
      tools_->done("write_file", {{"path", file.path().filename()}, {"content", read(file)}});
    }
  }

  ServerProcess server_{scenario({turn(1, {step("Here.")})})};
  std::optional<SessionTools> tools_;
};

TEST_F(DevServer, StartsInASandboxAndServesWhatIsChanged) {
  // Where all that leaves the machine passes a proxy with an authority of its own, Node.js has to be told of it.
  tools_->run("NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm ci --no-audit --no-fund");
  const Json vite = tools_->done("execute_command_async", {{"command", "npm run dev"}}).structured;
  const auto fetch = [&](const std::string& path) {
    return get_string(
        tools_->done("execute_command", {{"command", "curl -sf http://127.0.0.1:5173" + path}}).structured, "stdout");
  };
  ASSERT_TRUE(eventually([&] { return fetch("/") != ""; }, kStart))
      << tools_->done("read_process", {{"process_id", vite["process_id"]}}).structured;
  EXPECT_THAT(fetch("/"), HasSubstr("/@vite/client"));
  EXPECT_THAT(fetch("/main.js"), HasSubstr("import.meta.hot.accept"));
  EXPECT_THAT(fetch("/words.js"), HasSubstr("'before'"));
  tools_->done("edit_file", {{"path", "words.js"}, {"old_text", "before"}, {"new_text", "after"}});
  EXPECT_TRUE(eventually([&] { return fetch("/words.js").find("'after'") != std::string::npos; }, kStart));
}

}  // namespace
}  // namespace ottobot::integration
