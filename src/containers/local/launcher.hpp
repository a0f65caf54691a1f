// Starts bubblewrap: the one place that forks, and what happens between fork and exec.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "containers/common/blocked_networks.hpp"
#include "containers/local/bwrap_command.hpp"
#include "containers/local/process_identity.hpp"
#include "net/unique_fd.hpp"
#include "ottobot/call_context.hpp"

namespace ottobot::containers {

struct LauncherPlan {
  std::string bwrap;                      // path of the program
  BwrapPlan sandbox;                      // info_fd and seccomp_fd are filled in by start()
  std::vector<std::string> join_cgroups;  // see Cgroup::join_files()
  std::optional<uid_t> uid;               // run under it; sources of `sandbox` are then staged, see launcher.cpp
  bool waits_for_release = true;          // see PendingSandbox
  int network_fd = -1;                    // network namespace to enter; borrowed until start() returns
  bool own_network_first = false;         // make user and network namespace before bubblewrap (unprivileged egress)
  std::vector<Ipv4Network> blocked;       // in the network namespace made first
  std::optional<std::uint64_t> max_memory_bytes;  // rlimit, per process
  std::uint64_t max_file_bytes = 0;               // rlimit; 0 = none
  int log_fd = -1;                                // its stdout and stderr; borrowed until start() returns
  int lifeline_fd = -1;                           // stays open until the sandbox's last process ends; the same
};

// A child that waits for release() before it does anything. If it is destroyed unreleased, or the calling program dies,
// the child ends without a trace: so its identity can be written down first. One that is found in any case, by its
// control group or its uid, need not wait: it is started without a copy of the caller's memory, whose making takes
// longer the more the caller has.
class PendingSandbox {
 public:
  static Result<PendingSandbox> start(LauncherPlan plan);

  const ProcessIdentity& supervisor() const { return supervisor_; }
  // Lets it go on, if it waits. Errors: unavailable (it is gone).
  Result<void> release();
  // Waits until bubblewrap has made its namespaces and returns process 1 of the sandbox. Errors: unavailable (the step
  // that failed; bubblewrap's own words are in the log), deadline_exceeded, cancelled: the child may then still run.
  Result<ProcessIdentity> await_init(const CallContext& ctx);

 private:
  ProcessIdentity supervisor_;
  net::UniqueFd gate_, status_, info_;
};

}  // namespace ottobot::containers
