// What happens between fork and exec. The parent may have other threads, so everything that allocates is prepared
// before the fork and the child only makes async-signal-safe calls. Private to net/process.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "net/process/spawn.hpp"

namespace ottobot::net {

enum class ChildStage : int { session, cgroup, fds, ids, cwd, exec };

// What the child writes into the status pipe when it fails.
struct ChildFailure {
  ChildStage stage = ChildStage::exec;
  int errno_value = 0;
};

// Everything that the child needs, in the form that system calls take.
class ChildPlan {
 public:
  // `options` is borrowed and must outlive the plan. `dev_null` replaces the standard streams that are not given.
  ChildPlan(const SpawnOptions& options, int dev_null, int status_fd);

  // In the child only: never returns.
  [[noreturn]] void run() const;

 private:
  void enter_group() const;
  void join_cgroups() const;
  void place_fds() const;
  void drop_ids() const;
  [[noreturn]] void exec() const;
  [[noreturn]] void give_up(ChildStage stage, int errno_value) const;

  const SpawnOptions& options_;
  pid_t parent_;
  bool privileged_;
  std::vector<std::pair<int, int>> fds_;  // {ours, the child's}
  mutable std::vector<int> moved_;        // scratch of place_fds(), one per entry of fds_
  mutable int status_fd_;
  int first_free_fd_;
  std::vector<std::string> candidates_, env_strings_;
  std::vector<char*> argv_, envp_;
};

// PATH of `env`, or of ours.
std::vector<std::string> program_candidates(const std::string& program,
                                            const std::optional<std::map<std::string, std::string>>& env);

}  // namespace ottobot::net
