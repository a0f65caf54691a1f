// The calls of the Docker Engine API that we make, typed. Source: Docker Engine API 1.41 (and what Podman's compatible
// service has of it). Errors of all: those of EngineClient.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "containers/docker/engine_client.hpp"
#include "containers/docker/pull_progress.hpp"
#include "ottobot/container_backend.hpp"

namespace ottobot::containers {

using LabelMap = std::map<std::string, std::string>;

struct EngineFacts {
  std::string version, api_version;
  std::string os_type;         // "linux"
  bool has_own_users = false;  // rootless, or with remapped users: uids of the host mean something else inside
  bool is_podman = false;
};

struct ContainerFacts {
  std::string id, name;  // name without the leading slash
  SandboxState state = SandboxState::exited;
  LabelMap labels;
  pid_t pid = 0;              // as the engine sees it; 0 when it does not run
  std::string started_at;     // as the engine gives it; another one after each start
  std::string ended_because;  // "exit code 137, out of memory"; empty while it runs
  std::vector<std::string> env;
  std::string published;  // host port of the one published port; empty = none
};

struct NetworkFacts {
  std::string id, name;
  LabelMap labels;
  std::vector<std::string> subnets, gateways;
};

class Engine {
 public:
  Engine(std::unique_ptr<EngineClient> client, std::chrono::milliseconds start_timeout)
      : client_(std::move(client)), start_timeout_(start_timeout) {}

  const EngineAddress& address() const { return client_->address(); }

  Result<EngineFacts> facts(const CallContext& ctx) const;

  Result<bool> has_image(const std::string& image, const CallContext& ctx) const;
  // Blocks until it is there, or the engine has said why not.
  Result<void> pull(const std::string& image, const std::function<void(const PullProgress&)>& on_progress,
                    const CallContext& ctx) const;

  // The new container's id. Errors: also not_found (image, network), conflict (the name is taken).
  Result<std::string> create(const std::string& name, const Json& spec, const CallContext& ctx) const;
  // Unpacks a tar file below `folder`. The container need not run.
  Result<void> put_archive(const std::string& container, const std::string& folder, std::string tar,
                           const CallContext& ctx) const;
  Result<void> start(const std::string& container, const CallContext& ctx) const;
  Result<void> pause(const std::string& container, const CallContext& ctx) const;
  Result<void> unpause(const std::string& container, const CallContext& ctx) const;
  // Errors: also conflict (it does not run).
  Result<void> kill(const std::string& container, const std::string& signal, const CallContext& ctx) const;
  // Until it does not run; its exit code. Blocks as long as ctx allows.
  Result<int> wait_ended(const std::string& container, const CallContext& ctx) const;
  // With its anonymous volumes, whatever it does. A missing one is fine.
  Result<void> remove(const std::string& container, const CallContext& ctx) const;
  // nullopt: there is none.
  Result<std::optional<ContainerFacts>> inspect(const std::string& container, const CallContext& ctx) const;
  // All that carry every label, running or not; without pid, env and port.
  Result<std::vector<ContainerFacts>> list(const LabelMap& labels, const CallContext& ctx) const;
  // Both of its outputs. The last `max_bytes` of what it said, here and below.
  Result<std::string> logs(const std::string& container, int tail_lines, std::size_t max_bytes,
                           const CallContext& ctx) const;
  // Its standard output alone.
  Result<std::string> output(const std::string& container, std::size_t max_bytes, const CallContext& ctx) const;
  Result<SandboxStats> stats(const std::string& container, const CallContext& ctx) const;
  // Returns the image's id.
  Result<std::string> commit(const std::string& container, const std::string& repository, const std::string& tag,
                             const CallContext& ctx) const;

  Result<void> create_network(const Json& spec, const CallContext& ctx) const;
  Result<std::vector<NetworkFacts>> list_networks(const CallContext& ctx) const;
  // A missing one is fine. Errors: also permission_denied or conflict (it is in use).
  Result<void> remove_network(const std::string& name, const CallContext& ctx) const;
  // Bytes; 0 when there is none. The engine looks at all of its volumes for that.
  Result<std::uint64_t> volume_size(const std::string& name, const CallContext& ctx) const;
  Result<void> remove_volume(const std::string& name, const CallContext& ctx) const;

 private:
  Result<void> act(const char* method, const std::string& path, const CallContext& ctx,
                   std::chrono::milliseconds timeout = {}) const;
  Result<void> act_twice(const std::string& path, const CallContext& ctx) const;
  // As act(), for what must be gone afterwards.
  Result<void> act_away(const std::string& path, const CallContext& ctx, std::chrono::milliseconds timeout = {}) const;

  Result<std::string> said(const std::string& container, const std::string& query, std::size_t max_bytes,
                           const CallContext& ctx) const;

  const std::unique_ptr<EngineClient> client_;
  const std::chrono::milliseconds start_timeout_;
};

// Of the answers, without I/O.
ContainerFacts container_facts(const Json& inspected);
ContainerFacts listed_facts(const Json& listed);
NetworkFacts network_facts(const Json& network);
SandboxStats stats_from_json(const Json& stats);

}  // namespace ottobot::containers
