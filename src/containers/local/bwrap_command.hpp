// The command line of bubblewrap for a sandbox. Pure: no I/O, tested alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ottobot::containers {

inline constexpr const char* kSandboxHome = "/home/developer";
inline constexpr const char* kSandboxWorkspace = "/home/developer/workspace";
inline constexpr const char* kSandboxRunDir = "/run/ottobot";
inline constexpr const char* kSandboxListen = "unix:/run/ottobot/sandboxd.sock";
inline constexpr const char* kSandboxdInside = "/opt/ottobot/ottobot-sandboxd";
inline constexpr unsigned kSandboxUid = 1000;

// What the host shows of itself; found once by inspect_host_root().
struct HostRoot {
  std::vector<std::pair<std::string, std::string>> links;  // {"/bin", "usr/bin"}
  std::vector<std::string> folders;                        // "/usr", and "/bin" where it is no link
  std::vector<std::string> etc;                            // "/etc/ssl": parts of it that etc_dir has not
  std::vector<std::string> hidden;                         // "/etc/ssl/private": parts of those that stay empty
};

struct BwrapPlan {
  HostRoot root;
  std::vector<std::string> extra_read_only;
  // Sources, as bubblewrap sees them. Empty ones are left out.
  std::string workspace, run_dir, etc_dir, sandboxd;
  bool own_network = true;  // false: bubblewrap is started in the network namespace that the sandbox is to have
  std::uint64_t scratch_bytes = 1ull << 30;  // of memory, shared out among /tmp, home and /dev/shm
  std::map<std::string, std::string> env;    // all of it
  int info_fd = -1, seccomp_fd = -1;         // in bubblewrap; -1 = none
  std::vector<std::string> command;
};

// bubblewrap's arguments without the command and the program's own name; meant for --args, which keeps the token in
// `env` out of every process list.
std::vector<std::string> bwrap_arguments(const BwrapPlan& plan);

// The environment of a sandbox: ours, then the caller's `extra`, then the token.
std::map<std::string, std::string> sandbox_environment(const std::map<std::string, std::string>& extra,
                                                       const std::string& token, bool desktop);

}  // namespace ottobot::containers
