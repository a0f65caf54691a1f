// A local backend over folders of its own, with the stand-in daemon, and a look at what it leaves on the host.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "ottobot/container_backend.hpp"
#include "ottobot/containers/local.hpp"

namespace ottobot::containers {

// A folder that is gone at the end of the test. Its parents can be passed by every uid.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A program that was built beside the tests.
std::string built_program(const std::string& name);
std::string stand_in_daemon();

LocalBackendOptions local_options(const TemporaryFolder& folder, const std::string& instance = "test");

// Sends the bytes and returns all that comes back until the other side closes; what went wrong, when it does.
std::string ask(const Endpoint& endpoint, const std::string& request,
                std::chrono::milliseconds timeout = std::chrono::seconds(30));

struct ShellResult {
  int exit_code = -1;
  std::string output;
};
// Runs `command` in the sandbox. exit_code is -1 when there was no answer.
ShellResult run_in(const Sandbox& sandbox, const std::string& command,
                   std::chrono::milliseconds timeout = std::chrono::seconds(30));

// Everything on this host that belongs to `instance`: processes with its folder in their command line, mount points,
// control groups. Empty when nothing was left.
std::set<std::string> traces_of(const std::string& state_dir, const std::string& instance);

class LocalSandboxTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  static CallContext ctx(std::chrono::milliseconds time = std::chrono::seconds(60)) { return with_timeout(time); }
  LaunchParams params(const std::string& name = "box") const;
  Sandbox launched(const LaunchParams& params);
  std::string sandbox_folder(const std::string& name = "box") const {
    return folder_.path() + "/state/sandboxes/" + name;
  }

  TemporaryFolder folder_;
  LocalBackendOptions options_;
  std::unique_ptr<ContainerBackend> backend_;
};

// With the real ottobot-sandboxd instead of the stand-in.
class SandboxdTest : public LocalSandboxTest {
 protected:
  void SetUp() override;
};

}  // namespace ottobot::containers
