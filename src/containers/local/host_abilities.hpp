// What this host offers to sandboxes, found without starting anything.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "containers/local/bwrap_command.hpp"
#include "containers/local/cgroup.hpp"

namespace ottobot::containers {

struct HostAbilities {
  // Root over a range of uids: each sandbox gets its own. Otherwise all run under our own uid.
  bool can_switch_uid = false;
  std::string bwrap;        // path; empty = not installed
  std::string slirp4netns;  // path; empty = not installed
  std::string prlimit;      // path; empty = not installed
  bool has_tun = false;     // /dev/net/tun opens
  CgroupHierarchy cgroups;
  HostRoot root;

  std::pair<int, int> kernel;  // 5, 14

  // RLIMIT_NPROC then counts within a user namespace (Linux 5.14), and there is a program to set it there.
  bool counts_processes_per_namespace() const { return !prlimit.empty() && kernel >= std::pair{5, 14}; }
  bool can_reach_out() const { return !slirp4netns.empty() && has_tun; }
};

HostAbilities inspect_host(uid_t first_uid, unsigned uid_count);

// True when the ids first…first+count-1 exist here, by the text of /proc/self/uid_map.
bool maps_ids(const std::string& uid_map, uid_t first, unsigned count);

}  // namespace ottobot::containers
