// A local backend over folders of its own, with the stand-in daemon, and a look at what it leaves on the host.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "containers/sandbox_probe.hpp"
#include "ottobot/container_backend.hpp"
#include "ottobot/containers/local.hpp"

namespace ottobot::containers {

LocalBackendOptions local_options(const TemporaryFolder& folder, const std::string& instance = "test");

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
