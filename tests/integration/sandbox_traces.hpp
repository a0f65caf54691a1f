// What a sandbox is made of on this host, seen from outside: used to prove that it survived, or that nothing is left.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "containers/docker/engine.hpp"
#include "integration/test_backend.hpp"
#include "ottobot/json.hpp"

namespace ottobot::integration {

class SandboxTraces {
 public:
  // Of a session whose sandbox runs. Not found() when there is none.
  SandboxTraces(const std::filesystem::path& data_dir, const std::string& session_id);

  bool found() const { return !record_.is_null(); }
  // Of the server whose sandbox it is.
  std::string instance() const;
  // Tells one life of the sandbox from another.
  std::string life() const;

  // The pid of its ottobot-sandboxd; 0 = none.
  pid_t daemon() const;
  // Pids of its processes: by its uid, its cgroup and its name in the command line.
  std::vector<pid_t> processes() const;
  std::vector<pid_t> processes_named(const std::string& command) const;
  std::vector<std::string> cgroups() const;
  // Lines of what is left besides processes and cgroups: mounts, sockets, folders, its lease of a uid; on an engine its
  // container and volumes, and the network of the server's sandboxes.
  std::vector<std::string> remains() const;

 private:
  void look_at_engine(containers::EngineKind engine);
  bool owns(const std::filesystem::path& process) const;

  std::filesystem::path data_dir_;
  std::string name_;
  Json record_;
  std::shared_ptr<containers::EngineClient> engine_;  // null with bubblewrap
  containers::ContainerFacts container_;              // on an engine
};

}  // namespace ottobot::integration
