#include "containers/local/bwrap_command.hpp"

#include "containers/local/sandbox_etc.hpp"

namespace ottobot::containers {
namespace {

class Arguments {
 public:
  template <class... Words>
  void add(Words&&... words) {
    (list_.emplace_back(std::forward<Words>(words)), ...);
  }
  std::vector<std::string> take() { return std::move(list_); }

 private:
  std::vector<std::string> list_;
};

void add_isolation(Arguments& out, const BwrapPlan& plan) {
  out.add("--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try");
  if (plan.own_network) out.add("--unshare-net");
  const std::string id = std::to_string(kSandboxUid);
  out.add("--uid", id, "--gid", id, "--hostname", "ottobot");
  // bubblewrap keeps the capabilities of a caller that is root in its namespace.
  out.add("--cap-drop", "ALL", "--as-pid-1");
}

void add_host_root(Arguments& out, const BwrapPlan& plan) {
  for (const auto& folder : plan.root.folders) out.add("--ro-bind", folder, folder);
  for (const auto& [link, target] : plan.root.links) out.add("--symlink", target, link);
  if (!plan.etc_dir.empty()) out.add("--ro-bind", plan.etc_dir, "/etc");
  for (const auto& path : plan.root.etc) out.add("--ro-bind", path, path);
  for (const auto& path : plan.root.hidden) {
    out.add("--perms", "0000", "--size", "4096", "--tmpfs", path, "--remount-ro", path);
  }
  for (const auto& path : plan.extra_read_only) {
    if (!is_below_etc(path)) out.add("--ro-bind-try", path, path);
  }
}

// Scratch is memory, and what fills it to the brim must leave some: a sandbox whose daemon cannot get a page is lost.
constexpr std::uint64_t kEighthsOfTmp = 3, kEighthsOfHome = 3, kEighthsOfSharedMemory = 1;

void add_scratch(Arguments& out, const BwrapPlan& plan) {
  const auto eighths = [&](std::uint64_t count) { return std::to_string(plan.scratch_bytes / 8 * count); };
  out.add("--proc", "/proc", "--dev", "/dev");
  out.add("--perms", "1777", "--size", eighths(kEighthsOfSharedMemory), "--tmpfs", "/dev/shm");
  // bubblewrap leaves it writable, with no limit but the host's memory.
  out.add("--remount-ro", "/dev");
  out.add("--perms", "1777", "--size", eighths(kEighthsOfTmp), "--tmpfs", "/tmp");
  out.add("--symlink", "/tmp", "/var/tmp");
  out.add("--perms", "0755", "--size", eighths(kEighthsOfHome), "--tmpfs", kSandboxHome);
  out.add("--dir", "/run");
}

}  // namespace

std::vector<std::string> bwrap_arguments(const BwrapPlan& plan) {
  Arguments out;
  add_isolation(out, plan);
  add_host_root(out, plan);
  add_scratch(out, plan);
  if (!plan.workspace.empty()) out.add("--bind", plan.workspace, kSandboxWorkspace, "--chdir", kSandboxWorkspace);
  if (!plan.run_dir.empty()) out.add("--bind", plan.run_dir, kSandboxRunDir);
  if (!plan.sandboxd.empty()) out.add("--ro-bind", plan.sandboxd, kSandboxdInside);
  out.add("--remount-ro", "/");
  out.add("--clearenv");
  for (const auto& [name, value] : plan.env) out.add("--setenv", name, value);
  if (plan.info_fd >= 0) out.add("--info-fd", std::to_string(plan.info_fd));
  if (plan.seccomp_fd >= 0) out.add("--seccomp", std::to_string(plan.seccomp_fd));
  return out.take();
}

std::map<std::string, std::string> sandbox_environment(const std::map<std::string, std::string>& extra,
                                                       const std::string& token, bool desktop) {
  std::map<std::string, std::string> env = {
      {"HOME", kSandboxHome},
      {"USER", "developer"},
      {"LOGNAME", "developer"},
      {"SHELL", "/bin/bash"},
      {"LANG", "C.UTF-8"},
      {"TERM", "xterm-256color"},
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
  };
  if (desktop) env["DISPLAY"] = ":1";
  for (const auto& [name, value] : extra) env[name] = value;
  env["OTTOBOT_SANDBOX_TOKEN"] = token;
  return env;
}

}  // namespace ottobot::containers
