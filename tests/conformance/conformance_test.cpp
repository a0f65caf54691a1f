// The official conformance suite of the Model Context Protocol, both revisions, against our server and our client. It
// needs npm to install it, and runs without network.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "net/process/spawn.hpp"

namespace ottobot::conformance {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kInstall{100};
constexpr std::chrono::seconds kRun{60};

Result<net::RunResult> run_in(const fs::path& dir, std::vector<std::string> argv, std::chrono::milliseconds timeout) {
  net::SpawnOptions options;
  options.argv = std::move(argv);
  options.cwd = dir.string();
  return net::run(std::move(options), with_timeout(timeout), 4 << 20);
}

// A folder of its own for each test: they run at the same time. Installed packages stay for the next time.
fs::path prepare() {
  const fs::path dir =
      fs::path(OTTOBOT_CONFORMANCE_BUILD_DIR) / ::testing::UnitTest::GetInstance()->current_test_info()->name();
  fs::create_directories(dir);
  for (const char* file : {"expected-failures.yml", "package.json", "package-lock.json", "run.sh"}) {
    fs::copy_file(fs::path(OTTOBOT_CONFORMANCE_SOURCE_DIR) / file, dir / file, fs::copy_options::overwrite_existing);
  }
  return dir;
}

// Packages are installed once per lock file.
void install(const fs::path& dir) {
  std::ifstream before(dir / "node_modules/.package-lock.json");
  if (before && fs::last_write_time(dir / "node_modules/.package-lock.json") >
                    fs::last_write_time(fs::path(OTTOBOT_CONFORMANCE_SOURCE_DIR) / "package-lock.json")) {
    return;
  }
  const auto installed = run_in(dir, {"npm", "ci", "--no-audit", "--no-fund"}, kInstall);
  ASSERT_TRUE(installed) << installed.error().to_string();
  ASSERT_EQ(installed->status.code, 0) << installed->out << installed->err;
}

// What the suite printed, when it ended as expected.
void expect_conforming(const std::string& leg, const std::string& revision, const char* program) {
  const fs::path dir = prepare();
  ASSERT_NO_FATAL_FAILURE(install(dir));
  const auto result = run_in(dir, {"unshare", "--map-root-user", "--net", "./run.sh", leg, revision, program}, kRun);
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->status.code, 0) << result->out << result->err;
}

TEST(Conformance, ServerOf20251125) { expect_conforming("server", "2025-11-25", OTTOBOT_CONFORMANCE_SERVER); }
TEST(Conformance, ServerOf20260728) { expect_conforming("server", "2026-07-28", OTTOBOT_CONFORMANCE_SERVER); }
TEST(Conformance, ClientOf20251125) { expect_conforming("client", "2025-11-25", OTTOBOT_CONFORMANCE_CLIENT); }
TEST(Conformance, ClientOf20260728) { expect_conforming("client", "2026-07-28", OTTOBOT_CONFORMANCE_CLIENT); }

}  // namespace
}  // namespace ottobot::conformance
