#include "containers/local_fixture.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "ottobot/ids.hpp"
#include "skip.hpp"

namespace ottobot::containers {
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

LocalBackendOptions local_options(const TemporaryFolder& folder, const std::string& instance) {
  LocalBackendOptions options;
  options.state_dir = folder.path() + "/state";
  options.runtime_dir = folder.path() + "/runtime";
  options.sandboxd_path = stand_in_daemon();
  options.instance = instance;
  return options;
}

std::set<std::string> traces_of(const std::string& state_dir, const std::string& instance) {
  std::set<std::string> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const std::string pid = entry.path().filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos || pid == std::to_string(::getpid())) continue;
    // No program of a sandbox names our folders, but all write to its log, and its mounts come from there.
    const std::string output = fs::read_symlink(entry.path() / "fd/1", ignored);
    if (output.rfind(state_dir + "/", 0) == 0 ||
        slurp(entry.path() / "mountinfo").find(state_dir + "/") != std::string::npos) {
      found.insert("process " + pid + " " + slurp(entry.path() / "comm"));
    }
  }
  const fs::path cgroups = "/sys/fs/cgroup";
  std::vector<fs::path> trees = {cgroups};
  for (const auto& controller : fs::directory_iterator(cgroups, ignored)) trees.push_back(controller.path());
  for (const auto& tree : trees) {
    if (fs::exists(tree / "ottobot" / instance, ignored))
      found.insert("cgroup " + (tree / "ottobot" / instance).string());
  }
  if (slurp("/proc/self/mountinfo").find(state_dir) != std::string::npos) found.insert("mount");
  return found;
}

void LocalSandboxTest::SetUp() {
  options_ = local_options(folder_, "test-" + new_id().substr(0, 8));
  auto backend = make_local_backend(options_);
  ASSERT_TRUE(backend) << backend.error().to_string();
  backend_ = std::move(*backend);
  if (auto probed = backend_->probe(ctx()); !probed) {
    backend_.reset();
    OTTOBOT_SKIP_UNLESS_CI("local sandboxes do not work here: " + probed.error().to_string());
  }
}

void SandboxdTest::SetUp() {
  LocalSandboxTest::SetUp();
  if (!backend_) return;
  options_.sandboxd_path = built_program("ottobot-sandboxd");
  backend_ = std::move(*make_local_backend(options_));
}

void LocalSandboxTest::TearDown() {
  if (!backend_) return;
  auto all = backend_->list({}, ctx());
  ASSERT_TRUE(all) << all.error().to_string();
  for (const auto& sandbox : *all) {
    auto removed = backend_->remove(sandbox.name, ctx());
    EXPECT_TRUE(removed) << removed.error().to_string();
  }
  EXPECT_EQ(traces_of(options_.state_dir, options_.instance), std::set<std::string>{});
}

LaunchParams LocalSandboxTest::params(const std::string& name) const {
  LaunchParams params;
  params.name = name;
  params.desktop = false;
  return params;
}

Sandbox LocalSandboxTest::launched(const LaunchParams& wanted) {
  auto sandbox = backend_->launch(wanted, nullptr, ctx());
  EXPECT_TRUE(sandbox) << sandbox.error().to_string();
  return sandbox.value_or(Sandbox{});
}

}  // namespace ottobot::containers
