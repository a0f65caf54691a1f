#include "integration/browser_script.hpp"

#include <gtest/gtest.h>

namespace ottobot::integration {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kInstall{60};
constexpr const char* kChromium = "/usr/bin/chromium";

Result<net::RunResult> run_in(const fs::path& dir, std::vector<std::string> argv, std::chrono::milliseconds timeout) {
  net::SpawnOptions options;
  options.argv = std::move(argv);
  options.cwd = dir.string();
  return net::run(std::move(options), with_timeout(timeout));
}

void copy_scripts(const fs::path& dir) {
  fs::create_directories(dir);
  for (const auto& file : fs::directory_iterator(OTTOBOT_BROWSER_SOURCE_DIR)) {
    if (!file.is_regular_file()) continue;
    fs::copy_file(file.path(), dir / file.path().filename(), fs::copy_options::overwrite_existing);
  }
}

}  // namespace

Result<BrowserScripts> BrowserScripts::install() {
  if (!fs::exists(kChromium)) return not_found("there is no Chromium", "apt-get install chromium");
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const fs::path dir =
      fs::path(OTTOBOT_BROWSER_BUILD_DIR) / (std::string(test->test_suite_name()) + "." + test->name());
  copy_scripts(dir);
  const auto installed = run_in(dir, {"npm", "ci", "--no-audit", "--no-fund"}, kInstall);
  if (!installed) return fail(installed.error());
  if (installed->status.code != 0) return unavailable("npm ci: " + installed->out + installed->err);
  return BrowserScripts(dir);
}

Result<net::RunResult> BrowserScripts::run(const std::string& script, const std::vector<std::string>& args,
                                           std::chrono::milliseconds timeout) const {
  std::vector<std::string> argv{"node", script};
  argv.insert(argv.end(), args.begin(), args.end());
  return run_in(dir_, std::move(argv), timeout);
}

}  // namespace ottobot::integration
