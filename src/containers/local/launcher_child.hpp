// The child between fork and exec of bubblewrap. Private to the launcher.
//
// The parent may have other threads: everything that allocates is done before the fork, and the child makes
// async-signal-safe calls only.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "containers/local/launcher.hpp"

namespace ottobot::containers {

enum class LaunchStage : int { session, cgroup, network, staging, limits, ids, descriptors, exec };
const char* to_string(LaunchStage stage);

// What the child writes into its status pipe when it fails.
struct LaunchFailure {
  LaunchStage stage = LaunchStage::session;
  int errno_value = 0;
};

// Descriptors in bubblewrap.
inline constexpr int kInfoFd = 3;
inline constexpr int kSeccompFd = 4;
inline constexpr int kArgsFd = 5;
inline constexpr int kLifelineFd = 6;
// Never read there: with a reader of its own, bubblewrap is not hit by SIGPIPE when the parent dies before it reports.
inline constexpr int kInfoReadFd = 7;
inline constexpr int kFirstFreeFd = 8;

// A host path that bubblewrap, as another uid, could not reach, and the place that it is shown at instead.
struct StagedPath {
  std::string source, place;
  bool is_folder = true;
};
// A tmpfs in the child's own mount namespace, passable but not readable for others.
inline constexpr const char* kStage = "/tmp";

class LauncherChild {
 public:
  struct Descriptors {
    int dev_null = -1, log = -1, gate = -1, status = -1, info = -1, info_read = -1, seccomp = -1, args = -1,
        lifeline = -1;
  };

  // `plan` is borrowed and must outlive this.
  LauncherChild(const LauncherPlan& plan, std::vector<StagedPath> staged, const Descriptors& fds);

  // In the child only.
  [[noreturn]] void run() const;

 private:
  void await_gate() const;
  void join_cgroups() const;
  void make_network() const;
  void stage() const;
  void limit() const;
  void drop_ids() const;
  void place_descriptors() const;
  void require(bool ok, LaunchStage stage) const;

  const LauncherPlan& plan_;
  std::vector<StagedPath> staged_;
  mutable std::vector<int> staged_fds_;  // scratch of stage(), one per entry of staged_
  Descriptors fds_;
  std::string uid_map_, gid_map_;
  std::vector<std::string> words_;
  std::vector<char*> argv_;
};

}  // namespace ottobot::containers
