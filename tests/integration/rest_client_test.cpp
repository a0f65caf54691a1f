// Clients in JavaScript at a real server: one that believes the OpenAPI description, and one of the original service.

#include <gtest/gtest.h>

#include "integration/server_process.hpp"
#include "integration/session_client.hpp"

namespace ottobot::integration {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kInstall{60};
constexpr std::chrono::seconds kScript{90};

Result<net::RunResult> run_in(const fs::path& dir, std::vector<std::string> argv, std::chrono::milliseconds timeout) {
  net::SpawnOptions options;
  options.argv = std::move(argv);
  options.cwd = dir.string();
  return net::run(std::move(options), with_timeout(timeout));
}

class RestClient : public ::testing::Test {
 protected:
  void SetUp() override {
    // A copy in the build folder, one for each test: they run at the same time.
    dir_ = fs::path(OTTOBOT_REST_CLIENT_BUILD_DIR) / ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::create_directories(dir_);
    for (const char* file : {"common.mjs", "openapi.mjs", "original_client.mjs", "package.json", "package-lock.json"}) {
      fs::copy_file(fs::path(OTTOBOT_REST_CLIENT_SOURCE_DIR) / file, dir_ / file, fs::copy_options::overwrite_existing);
    }
    const auto installed = run_in(dir_, {"npm", "ci", "--no-audit", "--no-fund"}, kInstall);
    ASSERT_TRUE(installed) << installed.error().to_string();
    ASSERT_EQ(installed->status.code, 0) << installed->out << installed->err;
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
  }

  void expect_success(const std::string& script) {
    const auto result = run_in(dir_, {"node", script, server_.url()}, kScript);
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(result->status.code, 0) << result->out << result->err << server_.log();
  }

  fs::path dir_;
  ServerProcess server_;
};

TEST_F(RestClient, FindsTheServerAsItsDescriptionSays) { expect_success("openapi.mjs"); }
TEST_F(RestClient, OfTheOriginalServiceWorksUnchanged) { expect_success("original_client.mjs"); }

}  // namespace
}  // namespace ottobot::integration
