// The control group of one sandbox: its limits, its processes, pause and resume, its use.
//
// A Cgroup is a handle made of paths: it holds nothing and may be made anew at any time, by any process. cgroup v1 (and
// the hybrid of v1 controllers beside an empty v2 tree) and v2 differ in everything but the idea.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ottobot/call_context.hpp"
#include "ottobot/container_backend.hpp"

namespace ottobot::containers {

// Where this host keeps control groups.
struct CgroupHierarchy {
  enum class Version { none, v1, v2 };
  Version version = Version::none;
  std::map<std::string, std::string> controllers;  // v1: controller -> its folder (with our prefix)
  std::string root;                                // v2: the folder that we may make groups in
};

// From the text of /proc/self/mounts and /proc/self/cgroup. As root groups are made at the top of each tree, otherwise
// in the outermost group that was delegated to us.
CgroupHierarchy detect_cgroups(const std::string& mounts, const std::string& own_groups, bool root);

class Cgroup {
 public:
  virtual ~Cgroup() = default;

  // Makes the group. What cannot be limited here comes back as sentences. Errors: unavailable when no group can be
  // made.
  virtual Result<std::vector<std::string>> create(const SandboxLimits& limits) = 0;
  // A process of one thread joins by writing 0 to each of these.
  virtual std::vector<std::string> join_files() const = 0;
  virtual bool exists() const = 0;
  virtual std::vector<pid_t> processes() const = 0;
  // Errors: deadline_exceeded, cancelled, unsupported (no freezer).
  virtual Result<void> freeze(const CallContext& ctx) = 0;
  virtual Result<void> thaw() = 0;
  virtual bool frozen() const = 0;
  // Kills every process, frozen or forking, and waits until none is left. Errors: deadline_exceeded.
  virtual Result<void> kill_all(const CallContext& ctx) = 0;
  virtual SandboxStats stats() const = 0;
  // Deletes the empty group, and the instance's own group when it was the last. Errors: deadline_exceeded.
  virtual Result<void> destroy(const CallContext& ctx) = 0;
};

// The group `instance`/`name`; null when the host has none.
std::unique_ptr<Cgroup> open_cgroup(const CgroupHierarchy& hierarchy, const std::string& instance,
                                    const std::string& name);

std::unique_ptr<Cgroup> open_cgroup_v1(const CgroupHierarchy& hierarchy, const std::string& relative);
std::unique_ptr<Cgroup> open_cgroup_v2(const CgroupHierarchy& hierarchy, const std::string& relative);

// Parts that both versions share.
namespace cgroup_files {
Result<void> make_path(const std::string& base, const std::string& relative);
// Deletes base/relative and those of its parents below base that are empty.
Result<void> remove_path(const std::string& base, const std::string& relative, const CallContext& ctx);
std::vector<pid_t> read_pids(const std::string& file);
std::uint64_t read_number(const std::string& file);
// The number behind `key` in a file of "key number" lines; 0 when absent.
std::uint64_t read_keyed(const std::string& file, const std::string& key);
}  // namespace cgroup_files

}  // namespace ottobot::containers
