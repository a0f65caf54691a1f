// A docker backend over the engine that docker_engine.sh started, with the stand-in daemon, and a look at what it
// leaves there.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "containers/docker/docker_site.hpp"
#include "containers/sandbox_probe.hpp"
#include "containers/test_engine.hpp"
#include "ottobot/containers/docker.hpp"

namespace ottobot::containers {

DockerOptions docker_options(const TemporaryFolder& folder, const std::string& instance,
                             const DockerEngineOptions& engine);

class DockerTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;
  virtual EngineKind kind() const { return EngineKind::docker; }

  static CallContext ctx(std::chrono::milliseconds time = std::chrono::seconds(60)) { return with_timeout(time); }
  LaunchParams params(const std::string& name = "box") const;
  Sandbox launched(const LaunchParams& params);
  std::unique_ptr<ContainerBackend> make_backend(const DockerOptions& options) const;
  std::string sandbox_folder(const std::string& name = "box") const {
    return options_.state_dir + "/sandboxes/" + name;
  }
  std::string container_name(const std::string& name = "box") const {
    return "ottobot." + options_.instance + "." + name;
  }
  std::string network_name() const { return options_.network + "." + options_.instance; }
  // The engine's own words, for what our values leave out.
  Json engine_json(const std::string& path) const { return containers::engine_json(*client_, path); }
  // Containers, networks and volumes of our instance, by name.
  std::vector<std::string> traces() const { return engine_traces(*client_, options_.instance); }

  TemporaryFolder folder_;
  DockerOptions options_;
  std::unique_ptr<EngineClient> client_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<ContainerBackend> backend_;
};

}  // namespace ottobot::containers
