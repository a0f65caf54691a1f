// ContainerBackend: isolated places with ottobot-sandboxd in them.
//
// Called by workers and the reaper from any thread. A sandbox outlives the process that launched it and is found again
// by name or label. Every call ends with ctx; nothing a sandbox does can block or crash the caller. An implementer
// passes ottobot::testing's ContainerBackendContract.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "ottobot/call_context.hpp"
#include "ottobot/clock.hpp"

namespace ottobot {

namespace labels {
inline constexpr const char* kSession = "io.ottobot.session";
inline constexpr const char* kInstance = "io.ottobot.instance";
}  // namespace labels

// Where sandboxd answers.
struct Endpoint {
  std::string url;                // "unix:/dir/sandboxd.sock" or "http://127.0.0.1:8300"
  std::string token;              // bearer token that it requires
  std::optional<uid_t> peer_uid;  // unix: who must be at the other end; the folder is writable by the sandbox
};

struct SandboxLimits {
  std::uint64_t memory_bytes = 2ull << 30;
  double cpus = 1;
  std::uint64_t pids = 512;
  // Of the host's disk, for the workspace: the largest file that a process may write. The sum is for the caller to
  // watch by disk_usage(). 0 = no bound.
  std::uint64_t disk_bytes = 10ull << 30;
};

struct LaunchParams {
  std::string name;  // unique per backend and instance, [A-Za-z0-9_-]{1,64}; launching a name that runs returns it
  std::map<std::string, std::string> labels;
  std::string image;                       // empty = the backend's default for `environment`
  std::string environment;                 // node, python, full-stack, data-science
  std::map<std::string, std::string> env;  // no secrets: the agent reads it
  SandboxLimits limits;
  bool desktop = true;  // false: none is ever started
};

enum class SandboxState { starting, running, paused, exited };

struct Sandbox {
  std::string name;
  SandboxState state = SandboxState::starting;
  std::map<std::string, std::string> labels;
  Endpoint endpoint;
  UnixMillis created_at = 0;
  std::vector<std::string> warnings;  // what this sandbox has to do without, for people
};

struct SandboxStats {
  std::uint64_t memory_bytes = 0;
  std::uint64_t cpu_time_us = 0;
  std::uint64_t processes = 0;
};

// Steps of a launch, for people: 0..100 and a sentence. Called on the launching thread.
using LaunchProgress = std::function<void(int progress, const std::string& message)>;

class ContainerBackend {
 public:
  virtual ~ContainerBackend() = default;  // sandboxes stay

  // "docker", "local", …
  virtual std::string name() const = 0;
  // Can this backend work here? Errors: unavailable or unsupported, with the mending command as hint.
  virtual Result<void> probe(const CallContext& ctx) = 0;

  // Idempotent by name: a running sandbox of that name is returned as it is (its token included), a dead one is
  // replaced and keeps its workspace files. Returns once sandboxd answers. When it fails, nothing is left. Errors:
  // invalid_argument, unavailable, resource_exhausted, not_found (image), with the tail of the sandbox's own log in the
  // message.
  virtual Result<Sandbox> launch(const LaunchParams& params, const LaunchProgress& progress,
                                 const CallContext& ctx) = 0;
  // Errors, from here on: not_found when there is no sandbox of that name.
  virtual Result<Sandbox> inspect(const std::string& name, const CallContext& ctx) = 0;
  virtual Result<void> pause(const std::string& name, const CallContext& ctx) = 0;
  virtual Result<void> resume(const std::string& name, const CallContext& ctx) = 0;
  // Ends its processes (SIGTERM, SIGKILL after `grace`); its files stay.
  virtual Result<void> stop(const std::string& name, std::chrono::milliseconds grace, const CallContext& ctx) = 0;
  // Ends it and deletes everything: processes, mounts, cgroups, sockets, files. Done when it returns; may be repeated.
  virtual Result<void> remove(const std::string& name, const CallContext& ctx) = 0;
  // All sandboxes, running or not, that carry every label of `selector`.
  virtual Result<std::vector<Sandbox>> list(const std::map<std::string, std::string>& selector,
                                            const CallContext& ctx) = 0;
  // The last `tail_lines` of what sandboxd and its supervisor wrote.
  virtual Result<std::string> logs(const std::string& name, int tail_lines, const CallContext& ctx) = 0;
  virtual Result<SandboxStats> stats(const std::string& name, const CallContext& ctx) = 0;
  // Bytes of the host's disk that its workspace and sockets' folder take, running or not. It reads all folders, which
  // may take seconds. Errors: unsupported where a backend cannot tell.
  virtual Result<std::uint64_t> disk_usage(const std::string& name, const CallContext& ctx) = 0;
  // Saves its file system under a name that launch() takes as image. unsupported where a backend has no images.
  virtual Result<std::string> snapshot(const std::string& name, const CallContext& ctx) = 0;
};

}  // namespace ottobot
