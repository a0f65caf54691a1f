// The `local` container backend: sandboxes by bubblewrap on this very host, without a daemon.
//
// A sandbox sees the host's /usr read-only, a workspace of its own and nothing else of the host. As root each sandbox
// runs under an unprivileged uid leased from a range; as another user all run under that user's uid, and a warning says
// so. Parts that the host lacks (cgroups, /dev/net/tun, slirp4netns) become warnings of each sandbox; without
// bubblewrap or user namespaces probe() refuses. Sandboxes outlive the process and are found again through `state_dir`.
//
// Layout: state_dir/sandboxes/<name>/{sandbox.json, workspace/, run/sandboxd.sock, log}. Where that socket path would
// pass 107 bytes, run/ moves to runtime_dir/run-<16 hex digits>/. As root the uids in use on this host, whatever the
// instance, are links in runtime_dir/uids/.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "ottobot/clock.hpp"
#include "ottobot/container_backend.hpp"
#include "ottobot/log.hpp"

namespace ottobot::containers {

struct LocalBackendOptions {
  std::string state_dir;      // made (0700) when missing; its parent must exist
  std::string sandboxd_path;  // the static ottobot-sandboxd
  std::string instance;       // store id, [A-Za-z0-9_-]{1,64}: part of every cgroup path
  std::string runtime_dir;    // empty = /run/ottobot as root, else /run/user/UID/ottobot or /tmp/ottobot-UID
  uid_t first_uid = 210000;   // root only: the range of uids that sandboxes run under
  unsigned uid_count = 4096;
  bool egress = true;  // false: sandboxes have no network but their own loopback
  // Whether sandboxes with a network reach this host's own addresses, as anything else beyond it. Never loopback, and
  // never the addresses at which clouds keep their machine's credentials.
  bool host_reachable = true;
  bool use_cgroups = true;  // false: limits by rlimit only
  std::vector<std::string>
      extra_read_only_paths;  // more of the host, shown at the same place; missing ones are skipped
  std::chrono::milliseconds launch_timeout{20'000};  // from start to sandboxd's first answer
  Clock* clock = nullptr;                            // borrowed for the backend's life; null = system_clock()
  Logger* logger = nullptr;                          // the same; null = null_logger()
};

// Errors: invalid_argument (a malformed option), permission_denied or unavailable (state_dir cannot be made). Whether
// the host can run sandboxes is probe()'s answer. The backend is thread-safe. As root, the first launch makes the
// calling process undumpable (no core files, PR_SET_DUMPABLE), as a child under the sandbox's uid shares its memory for
// the moment until it executes bubblewrap.
Result<std::unique_ptr<ContainerBackend>> make_local_backend(LocalBackendOptions options);

}  // namespace ottobot::containers
