// One backend's place on an engine and on this host: its options, names, folders, and what is ours of what is there.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "containers/common/blocked_networks.hpp"
#include "containers/common/sandbox_folder.hpp"
#include "containers/docker/container_spec.hpp"
#include "containers/docker/docker_record.hpp"
#include "containers/docker/engine.hpp"
#include "ottobot/containers/docker.hpp"

namespace ottobot::containers {

// What a look at a machine's network has found, for as long as that may be believed.
class MachineAddresses {
 public:
  using Addresses = std::vector<Ipv4Network>;

  // Those that were found within the last minute, else what `look` finds. Meanwhile others wait.
  Result<Addresses> get(const std::function<Result<Addresses>()>& look);

 private:
  std::mutex mutex_;
  Addresses found_;                                                // guarded by mutex_
  std::optional<std::chrono::steady_clock::time_point> found_at_;  // guarded by mutex_
};

class DockerSite {
 public:
  // Makes the folders. Errors: invalid_argument, unsupported (ssh), permission_denied, else from errno.
  static Result<std::unique_ptr<DockerSite>> make(DockerOptions options, Clock& clock, Logger& logger);

  DockerSite(DockerOptions filled_in, std::unique_ptr<EngineClient> client, Clock& its_clock, Logger& its_log)
      : options(std::move(filled_in)),
        engine(std::move(client), options.start_timeout),
        clock(its_clock),
        log(its_log) {}

  std::string sandboxes_dir() const { return options.state_dir + "/sandboxes"; }
  SandboxPaths paths(const std::string& name) const {
    return sandbox_paths(sandboxes_dir(), options.runtime_dir, name);
  }
  // Also of the volume of its workspace. No name has a dot in it, so no two of these are alike.
  std::string container_name(const std::string& name) const { return "ottobot." + options.instance + "." + name; }
  std::string helper_name(const std::string& name) const { return container_name(name) + ".helper"; }
  std::string network_name() const { return options.network + "." + options.instance; }
  bool has_network() const { return options.network != "none"; }

  LabelMap labels_of(const std::string& name, const LabelMap& wanted) const;
  bool is_ours(const LabelMap& labels) const;
  bool is_sandbox(const ContainerFacts& facts) const;
  // The sandbox that this container of ours is a helper of; empty when it is none.
  std::string helped_by(const ContainerFacts& facts) const;

  // uid and gid of a new sandbox.
  uid_t sandbox_uid() const;
  gid_t sandbox_gid() const;
  Endpoint endpoint(const DockerRecord& record) const;

  // Asked once. Errors: those of Engine.
  Result<EngineFacts> facts(const CallContext& ctx);

  // A new container's id. One of ours that has its name gives way to it: what a killed server asked for may come to be
  // after its next life has looked. Errors: those of Engine::create; conflict = the name is another's.
  Result<std::string> create(const std::string& name, const Json& spec, const CallContext& ctx) const;

  const DockerOptions options;  // with every default filled in
  const Engine engine;
  Clock& clock;
  Logger& log;
  // Shared: a launch needs the network to stay. Exclusive: it is being made or removed.
  std::shared_mutex network_mutex;
  // Of the engine's machine, where those of this process are others.
  mutable MachineAddresses machine_addresses;

 private:
  std::mutex facts_mutex_;
  std::optional<EngineFacts> facts_;  // guarded by facts_mutex_
};

}  // namespace ottobot::containers
