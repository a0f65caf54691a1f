#include "integration/test_backend.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "skip.hpp"

namespace ottobot::integration {
namespace {

using containers::EngineKind;

// Before all tests, as a server cannot be started without its engine.
class Engine final : public ::testing::Environment {
 public:
  void SetUp() override {
    const auto engine = test_engine();
    if (!engine) return;
    const auto missing =
        containers::engine_options(*engine) ? containers::missing_lean_image() : containers::missing_engine();
    if (missing.empty()) return;
    // GoogleTest does not say here what CTest takes for a skipped test.
    if (std::getenv("CI") == nullptr) std::cout << "[  SKIPPED ]" << std::endl;
    OTTOBOT_SKIP_UNLESS_CI(missing);
  }
};

[[maybe_unused]] const auto* const kEngine = ::testing::AddGlobalTestEnvironment(new Engine);

}  // namespace

std::optional<EngineKind> test_engine() {
  const char* wanted = std::getenv("OTTOBOT_TEST_ENGINE");
  if (wanted == nullptr) return std::nullopt;
  return std::string(wanted) == "podman" ? EngineKind::podman : EngineKind::docker;
}

Environment backend_settings() {
  const auto engine = test_engine();
  return engine ? backend_settings(*engine) : Environment{};
}

Environment backend_settings(EngineKind engine) {
  const auto options = containers::engine_options(engine);
  return {{"OTTOBOT_BACKEND", "docker"}, {"DOCKER_HOST", options ? options->host : ""}};
}

const char* sandboxes_folder() { return test_engine() ? "docker/sandboxes" : "local/sandboxes"; }

}  // namespace ottobot::integration
