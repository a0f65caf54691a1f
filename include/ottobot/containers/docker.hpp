// The `docker` container backend: sandboxes as containers of a Docker Engine, or of Podman's compatible service.
//
// Any Linux image will do: the static ottobot-sandboxd is put into it and is its process 1. A container runs as an
// unprivileged user without capabilities on a read-only root, with /tmp, the home folder and /dev/shm in memory and the
// workspace at /workspace. On an engine of this host the workspace is a folder below `state_dir` and the endpoint a
// unix socket in another, both bind-mounted; on any other engine (tcp://, rootless, with remapped users) the workspace
// is a volume and the endpoint a published port. Everything carries labels::kInstance; nothing without it is touched.
//
// Containers outlive the process and are found again through `state_dir` and the engine.
// Layout: state_dir/sandboxes/<name>/{sandbox.json, workspace/, run/sandboxd.sock}.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "ottobot/clock.hpp"
#include "ottobot/container_backend.hpp"
#include "ottobot/log.hpp"

namespace ottobot::containers {

// Where the engine is, as docker's own client is told.
struct DockerEngineOptions {
  std::string host;         // DOCKER_HOST: unix:///PATH, tcp://HOST:PORT; empty = unix:///var/run/docker.sock
  bool tls_verify = false;  // DOCKER_TLS_VERIFY: TLS on tcp://, certificates checked
  std::string cert_path;    // DOCKER_CERT_PATH: folder of ca.pem, cert.pem, key.pem
};

struct DockerOptions {
  DockerEngineOptions engine;
  std::string state_dir;      // made (0700) when missing; its parent must exist
  std::string sandboxd_path;  // the static ottobot-sandboxd
  std::string instance;       // store id, [A-Za-z0-9_-]{1,64}: part of every container's name
  std::string runtime_dir;    // empty = /run/ottobot as root, else /run/user/UID/ottobot or /tmp/ottobot-UID
  // Images by environment, the best first; "" is for those that are not listed. The first one that is there is taken,
  // else the first one that can be pulled.
  std::map<std::string, std::vector<std::string>> images;
  // First part of the name of the network that all sandboxes of this instance share; "none" = only their loopback.
  std::string network = "ottobot-network";
  std::chrono::milliseconds network_linger{10'000};  // of that network, after the last sandbox: the next may come soon
  uid_t uid = 1000;                                  // of the sandbox, where we are root; else it is our own
  std::chrono::milliseconds call_timeout{8'000};     // of an engine's answer to anything that is done at once
  std::chrono::milliseconds start_timeout{30'000};   // of an engine's answer to a start
  std::chrono::milliseconds launch_timeout{20'000};  // from start to sandboxd's first answer
};

// `clock` and `logger` must outlive the backend. Errors: invalid_argument (a malformed option), permission_denied or
// unavailable (state_dir cannot be made). Whether the engine answers is probe()'s to say: nothing is asked here. The
// backend is thread-safe.
Result<std::unique_ptr<ContainerBackend>> make_docker_backend(DockerOptions options, Clock& clock, Logger& logger);

// The first image of `environment` that is on the engine. Errors: not_found (none, with the mending command),
// unavailable (no engine).
Result<std::string> find_docker_image(const DockerOptions& options, const std::string& environment,
                                      const CallContext& ctx);

}  // namespace ottobot::containers
