// One backend's place on this host: its options, what the host offers, and where things of a sandbox are.
#pragma once

#include <memory>
#include <string>

#include "containers/common/sandbox_folder.hpp"
#include "containers/local/cgroup.hpp"
#include "containers/local/host_abilities.hpp"
#include "containers/local/sandbox_etc.hpp"
#include "containers/local/sandbox_record.hpp"
#include "containers/local/uid_range.hpp"
#include "ottobot/containers/local.hpp"

namespace ottobot::containers {

struct Site {
  // Makes the folders and our own /etc. Errors: invalid_argument, else from errno.
  static Result<Site> make(LocalBackendOptions options);

  SandboxPaths paths(const std::string& name) const {
    return sandbox_paths(sandboxes_dir(), options.runtime_dir, name);
  }
  std::string sandboxes_dir() const { return options.state_dir + "/sandboxes"; }
  std::string etc_dir() const { return options.runtime_dir + "/" + sandbox_etc_name(options.extra_read_only_paths); }
  // Null where there are none.
  std::unique_ptr<Cgroup> cgroup(const std::string& name) const;
  Endpoint endpoint(const SandboxRecord& record) const;
  Clock& clock() const { return *options.clock; }
  Logger& log() const { return *options.logger; }

  LocalBackendOptions options;  // with every default filled in
  HostAbilities host;
  UidRange uids;
};

}  // namespace ottobot::containers
