#include "containers/test_engine.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "containers/common/wait_until.hpp"

namespace ottobot::containers {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kPatience{60}, kListPatience{10};

std::string first_line(const fs::path& path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  return line;
}

const char* file_of(EngineKind kind) {
  if (kind == EngineKind::podman) return "podman";
  return kind == EngineKind::docker ? "docker" : "tls";
}

void add_names(std::vector<std::string>& found, const char* what, const Json& list, const std::string& part) {
  if (!list.is_array()) return;
  for (const Json& each : list) {
    const Json* names = find_member(each, "Names");
    const std::string name =
        names != nullptr && !names->empty() ? names->at(0).get<std::string>().substr(1) : get_string(each, "Name");
    if (name.find(part) != std::string::npos) found.push_back(what + (" " + name));
  }
}

}  // namespace

fs::path engine_folder() { return fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "docker-engine"; }

std::optional<DockerEngineOptions> engine_options(EngineKind kind) {
  DockerEngineOptions options;
  options.tls_verify = kind == EngineKind::docker_by_tls;
  std::ifstream file(engine_folder() / file_of(kind));
  std::getline(file, options.host);
  std::getline(file, options.cert_path);
  if (options.host.empty()) return std::nullopt;
  return options;
}

bool is_missing_for_good_reason(EngineKind kind) {
  return kind == EngineKind::docker_by_tls && engine_options(EngineKind::docker) && !engine_options(kind);
}

std::string test_image_file() { return first_line(engine_folder() / "work") + "/image.tar"; }

std::string missing_engine() {
  const auto reason = first_line(engine_folder() / "missing");
  if (!reason.empty()) return reason;
  return "no engine was started: run the tests by ctest, or tests/containers/docker_engine.sh start " +
         engine_folder().string();
}

std::string missing_lean_image() { return first_line(engine_folder() / "missing-lean"); }

std::unique_ptr<EngineClient> make_engine_client(const DockerEngineOptions& options) {
  auto address = parse_engine_address(options);
  EXPECT_TRUE(address) << address.error().to_string();
  if (!address) return nullptr;
  auto client = EngineClient::make(*address, kPatience);
  EXPECT_TRUE(client) << client.error().to_string();
  return client ? std::move(*client) : nullptr;
}

Json engine_json(const EngineClient& client, const std::string& path) {
  // Podman fails to list anything while a container of somebody else is just being removed.
  Result<Json> json = unavailable("");
  (void)wait_until(
      [&] {
        json = client.call_json({"GET", path}, with_timeout(kPatience));
        return json || json.error().code != ErrorCode::unavailable;
      },
      with_timeout(kListPatience));
  EXPECT_TRUE(json) << json.error().to_string();
  return json.value_or(Json{});
}

std::vector<std::string> engine_traces(const EngineClient& client, const std::string& part) {
  std::vector<std::string> found;
  add_names(found, "container", engine_json(client, "/containers/json?all=true"), part);
  add_names(found, "network", engine_json(client, "/networks"), part);
  const Json volumes = engine_json(client, "/volumes");
  if (const Json* list = find_member(volumes, "Volumes")) add_names(found, "volume", *list, part);
  return found;
}

}  // namespace ottobot::containers
