#include "containers/docker_fixture.hpp"

#include <cstdlib>
#include <fstream>

#include "ottobot/ids.hpp"
#include "skip.hpp"

namespace ottobot::containers {
namespace {

namespace fs = std::filesystem;

std::string first_line(const fs::path& path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  return line;
}

fs::path engine_folder() { return fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "docker-engine"; }

const char* file_of(EngineKind kind) {
  if (kind == EngineKind::podman) return "podman";
  return kind == EngineKind::docker ? "docker" : "tls";
}

std::unique_ptr<EngineClient> make_client(const DockerOptions& options) {
  auto address = parse_engine_address(options.engine);
  EXPECT_TRUE(address) << address.error().to_string();
  auto client = EngineClient::make(*address, options.call_timeout);
  EXPECT_TRUE(client) << client.error().to_string();
  return client ? std::move(*client) : nullptr;
}

}  // namespace

std::optional<DockerEngineOptions> engine_options(EngineKind kind) {
  DockerEngineOptions options;
  options.tls_verify = kind == EngineKind::docker_by_tls;
  std::ifstream file(engine_folder() / file_of(kind));
  std::getline(file, options.host);
  std::getline(file, options.cert_path);
  if (options.host.empty()) return std::nullopt;
  return options;
}

std::string test_image_file() { return first_line(engine_folder() / "work") + "/image.tar"; }

bool is_missing_for_good_reason(EngineKind kind) {
  return kind == EngineKind::docker_by_tls && engine_options(EngineKind::docker) && !engine_options(kind);
}

std::string missing_engine() {
  const auto reason = first_line(engine_folder() / "missing");
  if (!reason.empty()) return reason;
  return "no engine was started: run the tests by ctest, or tests/containers/docker_engine.sh start " +
         engine_folder().string();
}

DockerOptions docker_options(const TemporaryFolder& folder, const std::string& instance,
                             const DockerEngineOptions& engine) {
  DockerOptions options;
  options.engine = engine;
  options.state_dir = folder.path() + "/state";
  options.runtime_dir = folder.path() + "/runtime";
  options.sandboxd_path = stand_in_daemon();
  options.instance = instance;
  options.images = {{"", {kTestImage}}};
  return options;
}

void DockerTest::SetUp() {
  const auto engine = engine_options(kind());
  if (is_missing_for_good_reason(kind())) GTEST_SKIP() << "the engine is not ours";
  if (!engine) OTTOBOT_SKIP_UNLESS_CI(missing_engine());
  options_ = docker_options(folder_, "test-" + new_id().substr(0, 8), *engine);
  client_ = make_client(options_);
  engine_ = std::make_unique<Engine>(make_client(options_), options_.start_timeout);
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

Json DockerTest::engine_json(const std::string& path) const {
  auto json = client_->call_json({"GET", path}, ctx());
  EXPECT_TRUE(json) << json.error().to_string();
  return json.value_or(Json{});
}

std::vector<std::string> DockerTest::traces() const {
  std::vector<std::string> found;
  auto containers = engine_->list({{labels::kInstance, options_.instance}}, ctx());
  EXPECT_TRUE(containers) << containers.error().to_string();
  for (const auto& container : containers.value_or(std::vector<ContainerFacts>{})) {
    found.push_back("container " + container.name);
  }
  const Json networks = engine_json("/networks");
  for (const auto& network : networks) {
    if (get_string(network, "Name").find(options_.instance) != std::string::npos) {
      found.push_back("network " + get_string(network, "Name"));
    }
  }
  const Json volumes = engine_json("/volumes");
  const Json* list = find_member(volumes, "Volumes");
  for (const auto& volume : list != nullptr && list->is_array() ? *list : Json::array()) {
    if (get_string(volume, "Name").find(options_.instance) != std::string::npos) {
      found.push_back("volume " + get_string(volume, "Name"));
    }
  }
  return found;
}

}  // namespace ottobot::containers
