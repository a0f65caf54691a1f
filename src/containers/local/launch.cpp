#include "containers/local/launch.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "containers/local/egress.hpp"
#include "containers/local/files.hpp"
#include "containers/local/health.hpp"
#include "containers/local/launcher.hpp"
#include "containers/local/teardown.hpp"
#include "containers/local/wait_until.hpp"

namespace ottobot::containers {
namespace {

constexpr std::chrono::milliseconds kCleanupTime{10'000};
constexpr std::chrono::milliseconds kEgressTime{5'000};
// bubblewrap's own process outside and slirp4netns are in the group, but not the agent's to count.
constexpr std::uint64_t kOwnProcesses = 2;

// Gives everything below `folder` to `uid`, links and not what they point to. Nothing runs there that could interfere.
bool own_tree(const std::string& folder, uid_t uid) {
  std::error_code error;
  bool all = true;
  std::filesystem::recursive_directory_iterator entries(folder, error), end;
  for (; !error && entries != end; entries.increment(error)) {
    all = ::lchown(entries->path().c_str(), uid, uid) == 0 && all;
  }
  return all && !error;
}

class Launch {
 public:
  Launch(const Site& site, SandboxRecord record, const LaunchParams& params, const LaunchProgress& progress,
         const CallContext& ctx)
      : site_(site),
        paths_(site.paths(record.name)),
        record_(std::move(record)),
        params_(params),
        progress_(progress),
        ctx_(ctx.within(site.options.launch_timeout)),
        group_(site.cgroup(record_.name)) {}

  Result<SandboxRecord> run() {
    auto started = start_all();
    if (started) return std::move(record_);
    const std::string tail = read_tail(paths_.log, 2000);
    (void)end_processes(site_, record_, with_timeout(kCleanupTime));
    Error error = started.error();
    if (!tail.empty()) error.message += "; its log ends with: " + to_valid_utf8(tail);
    return fail(std::move(error));
  }

 private:
  Result<void> start_all() {
    // The record comes first: whatever happens from here on, there is something to find.
    if (auto saved = save(); !saved) return saved;
    report(10, "preparing the workspace");
    if (auto ready = prepare_folders(); !ready) return ready;
    if (auto ready = prepare_group(); !ready) return ready;
    report(40, "starting the sandbox");
    if (auto started = start_bubblewrap(); !started) return started;
    if (auto entered = await_entry(); !entered) return entered;
    start_egress();
    report(70, "waiting for the sandbox's daemon");
    if (auto answered = await_daemon(); !answered) return answered;
    finish_egress();
    record_.phase = SandboxRecord::Phase::running;
    if (auto saved = save(); !saved) return saved;
    report(100, "the sandbox is ready");
    return {};
  }

  void report(int percent, const std::string& message) const {
    if (progress_) progress_(percent, message);
  }

  Result<void> save() const { return save_record(paths_.record, record_); }

  void warn(std::string message) {
    site_.log().warn("local sandbox: " + message, {{"sandbox", record_.name}});
    record_.warnings.push_back(std::move(message));
  }

  Result<void> prepare_folders() {
    const std::optional<uid_t> former = record_.uid;
    record_.uid.reset();
    if (site_.host.can_switch_uid) {
      auto uid = site_.uids.lease(paths_.folder, former, ctx_);
      if (!uid) return fail(uid.error());
      record_.uid = *uid;
    } else {
      warn("sandboxes run under the server's own uid; run as root for one uid each");
    }
    record_.run_dir = paths_.run_dir;
    if (auto saved = save(); !saved) return saved;
    // The socket and whatever else an earlier life left.
    if (auto removed = remove_tree(paths_.run_dir); !removed) return removed;
    for (const auto& path : {paths_.run_dir, paths_.workspace}) {
      if (auto made = ensure_folder(path, 0700); !made) return made;
    }
    if (former && record_.uid && record_.uid != former && !own_tree(paths_.workspace, *record_.uid)) {
      warn("some files in the workspace still belong to the uid that it had before");
    }
    return own_folders();
  }

  Result<void> own_folders() const {
    if (!record_.uid) return {};
    for (const auto& path : {paths_.run_dir, paths_.workspace}) {
      if (::chown(path.c_str(), *record_.uid, *record_.uid) != 0) return errno_error("cannot chown " + path, errno);
    }
    return {};
  }

  Result<void> prepare_group() {
    if (group_) {
      SandboxLimits limits = params_.limits;
      limits.pids += kOwnProcesses;
      auto warnings = group_->create(limits);
      if (warnings) {
        for (auto& warning : *warnings) warn(std::move(warning));
        return {};
      }
      warn("control groups cannot be used: " + warnings.error().message);
      group_.reset();
    }
    warn("no control group: memory is limited per process only, and the CPU not at all");
    if (!site_.host.counts_processes_per_namespace()) warn("no process limit: it needs prlimit and Linux 5.14");
    return {};
  }

  LauncherPlan plan() const {
    LauncherPlan plan;
    plan.bwrap = site_.host.bwrap;
    plan.uid = record_.uid;
    plan.own_network_first = wants_egress() && !site_.host.can_switch_uid;
    plan.sandbox.root = site_.host.root;
    plan.sandbox.extra_read_only = site_.options.extra_read_only_paths;
    plan.sandbox.workspace = paths_.workspace;
    plan.sandbox.run_dir = paths_.run_dir;
    plan.sandbox.etc_dir = site_.etc_dir();
    plan.sandbox.sandboxd = site_.options.sandboxd_path;
    plan.sandbox.own_network = !plan.own_network_first;
    plan.sandbox.scratch_bytes = params_.limits.memory_bytes;
    plan.sandbox.env = sandbox_environment(params_.env, record_.token, params_.desktop);
    plan.sandbox.command = {kSandboxdInside,
                            "--workspace",
                            kSandboxWorkspace,
                            "--listen",
                            kSandboxListen,
                            "--desktop",
                            params_.desktop ? "auto" : "off"};
    if (group_) {
      plan.join_cgroups = group_->join_files();
    } else {
      plan.max_memory_bytes = params_.limits.memory_bytes;
      if (site_.host.counts_processes_per_namespace()) limit_processes(plan.sandbox.command);
    }
    return plan;
  }

  // Inside, where only the sandbox's own processes count: set before its user namespace exists, the limit would count
  // every process of the uid.
  void limit_processes(std::vector<std::string>& command) const {
    const std::string count = std::to_string(params_.limits.pids);
    command.insert(command.begin(), {site_.host.prlimit, "--nproc=" + count + ":" + count, "--"});
  }

  bool wants_egress() const { return site_.options.egress && site_.host.can_reach_out(); }

  Result<void> start_bubblewrap() {
    log_.reset(::open(paths_.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!log_) return errno_error("cannot open " + paths_.log, errno);
    auto launcher = plan();
    launcher.log_fd = log_.get();
    auto pending = PendingSandbox::start(std::move(launcher));
    if (!pending) return fail(pending.error());
    record_.boot_id = host_boot_id();
    record_.supervisor = pending->supervisor();
    if (auto saved = save(); !saved) return saved;
    auto init = pending->release(ctx_);
    if (!init) return fail(init.error());
    record_.init = *init;
    lifeline_ = pending->take_lifeline();
    return save();
  }

  // bubblewrap configures the loopback interface too, and fails if slirp4netns was there before it.
  Result<void> await_entry() const {
    const auto launcher = read_process_stat(record_.supervisor.pid);
    if (!launcher || !site_.options.egress) return {};
    return wait_until(
        [&] {
          const auto init = read_process_stat(record_.init.pid);
          return !init || init->state == 'Z' || init->command != launcher->command;
        },
        ctx_);
  }

  // Brought up while the daemon starts. A sandbox without it is a lesser one, not a failed one.
  void start_egress() {
    if (!site_.options.egress) return;
    if (!site_.host.can_reach_out()) {
      return warn(site_.host.slirp4netns.empty() ? "no network: slirp4netns is not installed"
                                                 : "no network: /dev/net/tun cannot be opened");
    }
    EgressPlan plan;
    plan.slirp4netns = site_.host.slirp4netns;
    plan.by_path = site_.host.can_switch_uid;
    plan.target = plan.by_path ? record_.init : record_.supervisor;
    plan.lifeline = std::move(lifeline_);
    plan.log_fd = log_.get();
    auto egress = Egress::start(plan);
    if (!egress) return warn("no network: " + egress.error().message);
    record_.egress = egress->process();
    if (group_) {
      for (const auto& file : group_->join_files()) (void)write_control(file, std::to_string(record_.egress.pid));
    }
    egress_ = std::move(*egress);
    (void)save();
  }

  void finish_egress() {
    if (!egress_) return;
    if (auto ready = egress_->wait_ready(ctx_.within(kEgressTime)); !ready)
      warn("no network: " + ready.error().message);
  }

  Result<void> await_daemon() {
    Result<void> health;
    const Endpoint endpoint = site_.endpoint(record_);
    auto settled = wait_until(
        [&] {
          health = check_health(endpoint, ctx_.within(std::chrono::seconds(2)));
          return health || health.error().code == ErrorCode::permission_denied || !is_alive(record_.init);
        },
        ctx_);
    if (!settled) return fail(settled.error(), "the sandbox's daemon does not answer");
    if (health) return {};
    if (health.error().code == ErrorCode::permission_denied) return fail(health.error());
    return unavailable("the sandbox's daemon ended while starting");
  }

  const Site& site_;
  const SandboxPaths paths_;
  SandboxRecord record_;
  const LaunchParams& params_;
  const LaunchProgress& progress_;
  const CallContext ctx_;
  std::unique_ptr<Cgroup> group_;
  net::UniqueFd log_, lifeline_;
  std::optional<Egress> egress_;
};

}  // namespace

Result<SandboxRecord> launch_sandbox(const Site& site, SandboxRecord record, const LaunchParams& params,
                                     const LaunchProgress& progress, const CallContext& ctx) {
  return Launch(site, std::move(record), params, progress, ctx).run();
}

}  // namespace ottobot::containers
