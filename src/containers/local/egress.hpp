// A way out of a sandbox's network namespace: slirp4netns, with the host's loopback out of reach.
#pragma once

#include <string>
#include <vector>

#include "containers/local/process_identity.hpp"
#include "net/process/spawn.hpp"
#include "net/unique_fd.hpp"
#include "ottobot/call_context.hpp"

namespace ottobot::containers {

struct EgressPlan {
  std::string slirp4netns;  // path of the program
  int network_fd = -1;      // the network namespace; borrowed until start() returns. Needs root; without it, by target
  ProcessIdentity target;   // a process in the network namespace, and in the user namespace that owns it
  net::UniqueFd lifeline;   // slirp4netns ends when the other side closes
  int log_fd = -1;          // borrowed until start() returns
  std::vector<std::string> join_cgroups;  // see Cgroup::join_files()
};

class Egress {
 public:
  // Errors: as net::spawn.
  static Result<Egress> start(const EgressPlan& plan);

  const ProcessIdentity& process() const { return process_; }
  // Blocks until the interface is up. Errors: unavailable (it ended; its words are in the log), deadline_exceeded,
  // cancelled.
  Result<void> wait_ready(const CallContext& ctx);

 private:
  net::Process child_;
  ProcessIdentity process_;
  net::UniqueFd ready_;
};

// Its command line. Pure.
std::vector<std::string> slirp_arguments(const EgressPlan& plan);

}  // namespace ottobot::containers
