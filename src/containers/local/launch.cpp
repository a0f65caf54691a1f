#include "containers/local/launch.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <future>

#include "containers/common/files.hpp"
#include "containers/common/health.hpp"
#include "containers/common/wait_until.hpp"
#include "containers/local/egress.hpp"
#include "containers/local/launcher.hpp"
#include "containers/local/network_namespace.hpp"
#include "containers/local/teardown.hpp"

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
    note_egress();
    const std::string tail = read_tail(paths_.log, 2000);
    (void)end_processes(site_, record_, with_timeout(kCleanupTime));
    Error error = started.error();
    if (!tail.empty()) error.message += "; its log ends with: " + to_valid_utf8(tail);
    return fail(std::move(error));
  }

 private:
  Result<void> start_all() {
    report(10, "preparing the workspace");
    if (auto leased = lease_uid(); !leased) return leased;
    prepare_group();
    if (auto opened = open_log(); !opened) return opened;
    if (auto begun = begin_network(); !begun) return begun;
    if (auto ready = prepare_folders(); !ready) return ready;
    report(40, "starting the sandbox");
    if (auto started = start_processes(); !started) return started;
    report(70, "waiting for the sandbox's daemon");
    const auto runs = [this] { return is_alive(record_.init); };
    if (auto answered = await_daemon(site_.endpoint(record_), runs, ctx_); !answered) return answered;
    if (auto ready = finish_egress(); !ready) return ready;
    report(100, "the sandbox is ready");
    return {};
  }

  void report(int percent, const std::string& message) const {
    if (progress_) progress_(percent, message);
  }

  Result<void> save(Durability durability) const { return save_record(paths_.record, record_, durability); }

  void warn(std::string message) {
    site_.log().warn("local sandbox: " + message, {{"sandbox", record_.name}});
    record_.warnings.push_back(std::move(message));
  }

  Result<void> lease_uid() {
    former_uid_ = std::exchange(record_.uid, std::nullopt);
    if (!site_.host.can_switch_uid) {
      warn("sandboxes run under the server's own uid; run as root for one uid each");
      return {};
    }
    auto uid = site_.uids.lease(paths_.folder, former_uid_, ctx_);
    if (!uid) return fail(uid.error());
    record_.uid = *uid;
    return {};
  }

  Result<void> prepare_folders() {
    record_.run_dir = paths_.run_dir;
    // Whatever happens from here on, there is something to find.
    if (auto saved = save(Durability::power); !saved) return saved;
    // The socket and whatever else an earlier life left.
    if (auto removed = remove_tree(paths_.run_dir); !removed) return removed;
    for (const auto& path : {paths_.run_dir, paths_.workspace}) {
      if (auto made = ensure_folder(path, 0700); !made) return made;
    }
    if (former_uid_ && record_.uid && record_.uid != former_uid_ && !own_tree(paths_.workspace, *record_.uid)) {
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

  void prepare_group() {
    if (group_) {
      SandboxLimits limits = params_.limits;
      limits.pids += kOwnProcesses;
      auto warnings = group_->create(limits);
      if (warnings) {
        for (auto& warning : *warnings) warn(std::move(warning));
        return;
      }
      warn("control groups cannot be used: " + warnings.error().message);
      group_.reset();
    }
    warn("no control group: memory is limited per process only, and the CPU not at all");
    if (!site_.host.counts_processes_per_namespace()) warn("no process limit: it needs prlimit and Linux 5.14");
  }

  LauncherPlan plan() const {
    LauncherPlan plan;
    plan.bwrap = site_.host.bwrap;
    plan.uid = record_.uid;
    plan.waits_for_release = !is_found_anyway();
    plan.network_fd = network_.get();
    plan.log_fd = log_.get();
    plan.lifeline_fd = lifeline_.get();
    plan.own_network_first = has_own_network_first();
    plan.blocked = blocked_;
    plan.max_file_bytes = params_.limits.disk_bytes;
    plan.sandbox.root = site_.host.root;
    plan.sandbox.extra_read_only = site_.options.extra_read_only_paths;
    plan.sandbox.workspace = paths_.workspace;
    plan.sandbox.run_dir = paths_.run_dir;
    plan.sandbox.etc_dir = site_.etc_dir();
    plan.sandbox.sandboxd = site_.options.sandboxd_path;
    plan.sandbox.own_network = !wants_egress();
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

  // What runs of the sandbox is found without its record: in its control group, or under its uid.
  bool is_found_anyway() const { return group_ || record_.uid; }

  bool wants_egress() const { return site_.options.egress && site_.host.can_reach_out(); }

  // Another's network namespace can only be entered as root. Otherwise the launcher makes one in its user namespace.
  bool has_own_network_first() const { return wants_egress() && !site_.host.can_switch_uid; }

  Result<void> open_log() {
    log_.reset(::open(paths_.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!log_) return errno_error("cannot open " + paths_.log, errno);
    return {};
  }

  // Its namespace is made beside the folders, and the way out of it comes up beside bubblewrap.
  Result<void> begin_network() {
    if (!wants_egress()) {
      if (site_.options.egress) warn(why_no_egress());
      return {};
    }
    auto lifeline = net::make_pipe();
    if (!lifeline) return fail(lifeline.error());
    egress_plan_.slirp4netns = site_.host.slirp4netns;
    egress_plan_.lifeline = std::move(lifeline->first);
    egress_plan_.log_fd = log_.get();
    if (group_) egress_plan_.join_cgroups = group_->join_files();
    lifeline_ = std::move(lifeline->second);
    blocked_ = blocked_networks(!site_.options.host_reachable);
    if (has_own_network_first()) return {};
    // Without a thread to be had, std::async does it when it is asked for the outcome.
    making_network_ = std::async([this] { return make_network_namespace(blocked_); });
    return {};
  }

  std::string why_no_egress() const {
    return site_.host.slirp4netns.empty() ? "no network: slirp4netns is not installed"
                                          : "no network: /dev/net/tun cannot be opened";
  }

  std::future<Result<Egress>> start_egress() {
    return std::async([this] { return Egress::start(egress_plan_); });
  }

  Result<void> finish_network() {
    if (!making_network_.valid()) return {};
    auto made = making_network_.get();
    if (!made) return fail(made.error());
    network_ = std::move(*made);
    egress_plan_.network_fd = network_.get();
    starting_egress_ = start_egress();
    return {};
  }

  // So that it is ended, and reaped, with the rest.
  void note_egress() {
    if (starting_egress_.valid()) egress_ = starting_egress_.get();
    if (egress_ && *egress_) record_.egress = (*egress_)->process();
  }

  Result<void> start_processes() {
    if (auto made = finish_network(); !made) return made;
    auto pending = PendingSandbox::start(plan());
    lifeline_.reset();
    if (!pending) return fail(pending.error());
    record_.boot_id = host_boot_id();
    record_.supervisor = pending->supervisor();
    if (!is_found_anyway()) {
      if (auto saved = save(Durability::process); !saved) return saved;
    }
    if (auto released = pending->release(); !released) return released;
    auto init = pending->await_init(ctx_);
    if (!init) return fail(init.error());
    record_.init = *init;
    if (has_own_network_first()) {
      egress_plan_.target = record_.supervisor;
      starting_egress_ = start_egress();
    }
    note_egress();
    record_.phase = SandboxRecord::Phase::running;
    return save(Durability::power);
  }

  // A sandbox without it is a lesser one, not a failed one.
  Result<void> finish_egress() {
    if (!egress_) return {};
    const auto ready =
        *egress_ ? (*egress_)->wait_ready(ctx_.within(kEgressTime)) : Result<void>(fail(egress_->error()));
    if (ready) return {};
    warn("no network: " + ready.error().message);
    return save(Durability::power);
  }

  const Site& site_;
  const SandboxPaths paths_;
  SandboxRecord record_;
  const LaunchParams& params_;
  const LaunchProgress& progress_;
  const CallContext ctx_;
  std::unique_ptr<Cgroup> group_;
  std::optional<uid_t> former_uid_;
  net::UniqueFd log_, lifeline_, network_;
  EgressPlan egress_plan_;
  std::vector<Ipv4Network> blocked_;
  std::optional<Result<Egress>> egress_;
  // Last: their threads use what is above.
  std::future<Result<net::UniqueFd>> making_network_;
  std::future<Result<Egress>> starting_egress_;
};

}  // namespace

Result<SandboxRecord> launch_sandbox(const Site& site, SandboxRecord record, const LaunchParams& params,
                                     const LaunchProgress& progress, const CallContext& ctx) {
  return Launch(site, std::move(record), params, progress, ctx).run();
}

}  // namespace ottobot::containers
