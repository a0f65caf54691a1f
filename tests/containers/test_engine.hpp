// The container engines that docker_engine.sh started for this test run, and what is of ours on them.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "containers/docker/engine_client.hpp"
#include "ottobot/containers/docker.hpp"

namespace ottobot::containers {

inline constexpr const char* kTestImage = "ottobot-test:busybox";
inline constexpr const char* kLeanImage = "ottobot-agent:lean";

enum class EngineKind { docker, docker_by_tls, podman };

// Where the script has noted what it started.
std::filesystem::path engine_folder();
// How the test run's engine is reached; nullopt when there is none.
std::optional<DockerEngineOptions> engine_options(EngineKind kind);
// The engine is there, but is not ours: nobody made it listen on TCP as well.
bool is_missing_for_good_reason(EngineKind kind);
// The root of the test image, as tar.
std::string test_image_file();
// Why there is no engine.
std::string missing_engine();
// Why the lean image is not on the engines; empty when it is.
std::string missing_lean_image();

// Null, after a test failure, when the options make none.
std::unique_ptr<EngineClient> make_engine_client(const DockerEngineOptions& options);

// The engine's answer to GET `path`. Null, after a test failure, when it gave none.
Json engine_json(const EngineClient& client, const std::string& path);
// Containers, networks and volumes whose names have `part` in them: "container NAME", ….
std::vector<std::string> engine_traces(const EngineClient& client, const std::string& part);

}  // namespace ottobot::containers
