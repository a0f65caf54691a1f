#include "containers/docker_fixture.hpp"

#include "ottobot/ids.hpp"
#include "skip.hpp"

namespace ottobot::containers {
namespace fs = std::filesystem;

DockerOptions docker_options(const TemporaryFolder& folder, const std::string& instance,
                             const DockerEngineOptions& engine) {
  DockerOptions options;
  options.engine = engine;
  options.state_dir = folder.path() + "/state";
  options.runtime_dir = folder.path() + "/runtime";
  options.sandboxd_path = stand_in_daemon();
  options.instance = instance;
  options.images = {{"", {kTestImage}}};
  options.network_linger = {};  // what is left is looked for at once
  return options;
}

void DockerTest::SetUp() {
  const auto engine = engine_options(kind());
  if (is_missing_for_good_reason(kind())) GTEST_SKIP() << "the engine is not ours";
  if (!engine) OTTOBOT_SKIP_UNLESS_CI(missing_engine());
  options_ = docker_options(folder_, "test-" + new_id().substr(0, 8), *engine);
  client_ = make_engine_client(options_.engine);
  engine_ = std::make_unique<Engine>(make_engine_client(options_.engine), options_.start_timeout);
  backend_ = make_backend(options_);
}

void DockerTest::TearDown() {
  if (!backend_) return;
  auto all = backend_->list({}, ctx());
  ASSERT_TRUE(all) << all.error().to_string();
  for (const auto& sandbox : *all) {
    auto removed = backend_->remove(sandbox.name, ctx());
    EXPECT_TRUE(removed) << removed.error().to_string();
  }
  EXPECT_EQ(traces(), std::vector<std::string>{});
  EXPECT_TRUE(fs::is_empty(options_.state_dir + "/sandboxes"));
}

std::unique_ptr<ContainerBackend> DockerTest::make_backend(const DockerOptions& options) const {
  auto backend = make_docker_backend(options, system_clock(), null_logger());
  EXPECT_TRUE(backend) << backend.error().to_string();
  return backend ? std::move(*backend) : nullptr;
}

LaunchParams DockerTest::params(const std::string& name) const {
  LaunchParams params;
  params.name = name;
  params.desktop = false;
  params.limits.memory_bytes = 256 << 20;
  return params;
}

Sandbox DockerTest::launched(const LaunchParams& wanted) {
  auto sandbox = backend_->launch(wanted, nullptr, ctx());
  EXPECT_TRUE(sandbox) << sandbox.error().to_string();
  return sandbox.value_or(Sandbox{});
}

}  // namespace ottobot::containers
