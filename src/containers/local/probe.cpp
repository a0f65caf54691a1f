#include "containers/local/probe.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "containers/common/files.hpp"
#include "containers/common/wait_until.hpp"
#include "containers/local/launcher.hpp"

namespace ottobot::containers {
namespace {

constexpr std::chrono::milliseconds kTrialTime{5'000};

std::string hint_for(const std::string& words) {
  if (words.find("proc") != std::string::npos && words.find("mount") != std::string::npos) {
    return "in a container, start it with --security-opt systempaths=unconfined (or --privileged), or use --backend "
           "docker";
  }
  return "allow user namespaces (sysctl user.max_user_namespaces=15000, "
         "kernel.apparmor_restrict_unprivileged_userns=0); in "
         "a container, start it with --privileged; or use --backend docker";
}

// Everything a sandbox has but the daemon: /etc of our own shows that our folders can be staged.
LauncherPlan trial_plan(const Site& site, int log_fd) {
  LauncherPlan plan;
  plan.bwrap = site.host.bwrap;
  if (site.host.can_switch_uid) plan.uid = site.options.first_uid;
  plan.own_network_first = site.options.egress && site.host.can_reach_out() && !site.host.can_switch_uid;
  plan.sandbox.own_network = !plan.own_network_first;
  plan.sandbox.root = site.host.root;
  plan.sandbox.etc_dir = site.etc_dir();
  plan.sandbox.sandboxd = site.options.sandboxd_path;
  plan.sandbox.env = sandbox_environment({}, "", false);
  // Waits to be killed: a program that has already ended could not be told from one that never started.
  plan.sandbox.command = {"/bin/sh", "-c", "exec sleep 60"};
  plan.log_fd = log_fd;
  return plan;
}

Result<void> check_parts(const Site& site) {
  if (site.host.bwrap.empty()) return unavailable("bubblewrap is not installed", "apt-get install bubblewrap");
  if (::access(site.options.sandboxd_path.c_str(), X_OK) != 0) {
    return unavailable("there is no " + site.options.sandboxd_path, "install ottobot-sandboxd or give its path");
  }
  return {};
}

}  // namespace

Result<void> probe_host(const Site& site, const CallContext& ctx) {
  if (auto parts = check_parts(site); !parts) return parts;
  net::UniqueFd log(::memfd_create("ottobot-probe", MFD_CLOEXEC));
  if (!log) return errno_error("cannot make an anonymous file", errno);
  const CallContext limited = ctx.within(kTrialTime);
  auto pending = PendingSandbox::start(trial_plan(site, log.get()));
  if (!pending) return fail(pending.error());
  auto init = pending->release().and_then([&] { return pending->await_init(limited); });
  // bubblewrap reports process 1 before it mounts: only the program in its place proves that all went well.
  bool started = false;
  if (init) {
    (void)wait_until(
        [&] {
          const auto stat = read_process_stat(init->pid);
          started = stat && stat->start_ticks == init->start_ticks && stat->command == "sleep";
          return started || !is_alive(*init);
        },
        limited);
    send_signal(*init, SIGKILL);
  }
  send_signal(pending->supervisor(), SIGKILL);
  (void)wait_until([&] { return !is_alive(pending->supervisor()) && (!init || !is_alive(*init)); },
                   with_timeout(kTrialTime));
  if (started) return {};
  if (!init && init.error().code != ErrorCode::unavailable) return fail(init.error());
  const std::string words = read_tail("/proc/self/fd/" + std::to_string(log.get()), 1000);
  return unavailable(
      "bubblewrap cannot make a sandbox here: " + (words.empty() && !init ? init.error().message : words),
      hint_for(words));
}

}  // namespace ottobot::containers
