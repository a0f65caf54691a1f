#include <algorithm>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "containers/common/files.hpp"
#include "containers/common/folder_lock.hpp"
#include "containers/common/health.hpp"
#include "containers/local/freezer.hpp"
#include "containers/local/launch.hpp"
#include "containers/local/launch_gate.hpp"
#include "containers/local/probe.hpp"
#include "containers/local/teardown.hpp"
#include "ottobot/containers/local.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::containers {
namespace {

constexpr std::size_t kLongestLog = 256 << 10;
// How long a remove waits for a call in progress before it takes that call's processes away.
constexpr std::chrono::milliseconds kPoliteWait{50};
// A step that was begun is brought to its end, even when the caller's time is up.
constexpr std::chrono::milliseconds kEndTime{10'000};

// More at once would only share the same cores.
std::size_t launches_at_once() { return std::max(4u, 2 * std::thread::hardware_concurrency()); }

using Missing = FolderLock::Missing;

Failure no_sandbox(const std::string& name) { return not_found("no sandbox " + name); }

class LocalBackend final : public ContainerBackend {
 public:
  explicit LocalBackend(Site site) : site_(std::move(site)) {}

  std::string name() const override { return "local"; }
  Result<void> probe(const CallContext& ctx) override { return probe_host(site_, ctx); }

  Result<Sandbox> launch(const LaunchParams& params, const LaunchProgress& progress, const CallContext& ctx) override;
  Result<Sandbox> inspect(const std::string& name, const CallContext& ctx) override;
  Result<void> pause(const std::string& name, const CallContext& ctx) override;
  Result<void> resume(const std::string& name, const CallContext& ctx) override;
  Result<void> stop(const std::string& name, std::chrono::milliseconds grace, const CallContext& ctx) override;
  Result<void> remove(const std::string& name, const CallContext& ctx) override;
  Result<std::vector<Sandbox>> list(const std::map<std::string, std::string>& selector,
                                    const CallContext& ctx) override;
  Result<std::string> logs(const std::string& name, int tail_lines, const CallContext& ctx) override;
  Result<SandboxStats> stats(const std::string& name, const CallContext& ctx) override;
  Result<std::uint64_t> disk_usage(const std::string& name, const CallContext& ctx) override;
  Result<std::string> snapshot(const std::string&, const CallContext&) override {
    return unsupported("the local backend has no images", "use --backend docker for snapshots");
  }

 private:
  Result<SandboxRecord> load(const std::string& name) const;
  Sandbox describe(const SandboxRecord& record, SandboxState state) const;
  Sandbox describe(const SandboxRecord& record) const { return describe(record, state_of(site_, record)); }
  Result<FolderLock> lock(const std::string& name, const CallContext& ctx) const;
  Result<Sandbox> launch_afresh(const LaunchParams& params, const LaunchProgress& progress, const CallContext& ctx);
  Result<void> remove_locked(const std::string& name, const CallContext& ctx);
  void sweep(const std::string& name);
  void note_children(const SandboxRecord& record);
  void reap_children();

  const Site site_;
  LaunchGate gate_{launches_at_once()};
  std::mutex children_mutex_;              // guards the next
  std::vector<ProcessIdentity> children_;  // of this process: who else ends a sandbox cannot reap them
};

Result<SandboxRecord> LocalBackend::load(const std::string& name) const {
  if (!is_valid_name(name)) return no_sandbox(name);
  auto record = load_record(site_.paths(name).record);
  if (!record && record.error().code == ErrorCode::not_found) return no_sandbox(name);
  return record;
}

Sandbox LocalBackend::describe(const SandboxRecord& record, SandboxState state) const {
  return {record.name, state, record.labels, site_.endpoint(record), record.created_at, record.warnings};
}

Result<FolderLock> LocalBackend::lock(const std::string& name, const CallContext& ctx) const {
  if (!is_valid_name(name)) return no_sandbox(name);
  auto lock = FolderLock::acquire(site_.paths(name).folder, Missing::is_error, ctx);
  if (!lock && lock.error().code == ErrorCode::not_found) return no_sandbox(name);
  return lock;
}

Result<Sandbox> LocalBackend::launch(const LaunchParams& params, const LaunchProgress& progress,
                                     const CallContext& ctx) {
  if (!is_valid_name(params.name)) return invalid_field("name", "must be 1 to 64 of A-Za-z0-9_-");
  if (!params.image.empty()) {
    return not_found("the local backend has no image " + params.image, "leave the image out, or use --backend docker");
  }
  if (site_.host.bwrap.empty()) return unavailable("bubblewrap is not installed", "apt-get install bubblewrap");
  if (auto more = ctx.check(); !more) return fail(more.error());
  auto lock = FolderLock::acquire(site_.paths(params.name).folder, Missing::is_made, ctx);
  if (!lock) return fail(lock.error());
  return launch_afresh(params, progress, ctx);
}

Result<Sandbox> LocalBackend::launch_afresh(const LaunchParams& params, const LaunchProgress& progress,
                                            const CallContext& ctx) {
  auto former = load(params.name);
  // What cannot be read may be running.
  if (!former && former.error().code != ErrorCode::not_found) return fail(former.error());
  SandboxRecord record;
  if (former) {
    const SandboxState state = state_of(site_, *former);
    // A launch that was cut short may have left a daemon that is still starting.
    if (state == SandboxState::running) {
      const auto runs = [&] { return is_alive(former->init); };
      auto answered = await_daemon(site_.endpoint(*former), runs, ctx.within(site_.options.launch_timeout));
      if (answered) return describe(*former, state);
      if (answered.error().code != ErrorCode::unavailable) return fail(answered.error());
    }
    if (state == SandboxState::paused) {
      if (auto thawed = thaw_sandbox(site_, *former); !thawed) return fail(thawed.error());
      return describe(*former);
    }
    if (auto ended = end_processes(site_, *former, ctx.within(kEndTime)); !ended) return fail(ended.error());
    record.uid = former->uid;
  }
  const auto pass = gate_.enter(ctx);
  if (!pass) return fail(pass.error(), "waiting for the starts of other sandboxes");
  record.name = params.name;
  record.labels = params.labels;
  record.labels[labels::kInstance] = site_.options.instance;
  record.token = new_secret();
  record.created_at = site_.clock().now_ms();
  auto launched = launch_sandbox(site_, record, params, progress, ctx);
  if (launched) {
    note_children(*launched);
    return describe(*launched, SandboxState::running);
  }
  // The files of an earlier life are not this launch's to delete.
  if (!former) {
    (void)remove_locked(params.name, with_timeout(kEndTime));
  } else if (auto dead = load(params.name)) {
    dead->phase = SandboxRecord::Phase::stopped;
    (void)save_record(site_.paths(params.name).record, *dead);
  }
  return fail(launched.error());
}

Result<Sandbox> LocalBackend::inspect(const std::string& name, const CallContext&) {
  auto record = load(name);
  if (!record) return fail(record.error());
  return describe(*record);
}

Result<void> LocalBackend::pause(const std::string& name, const CallContext& ctx) {
  auto lock = this->lock(name, ctx);
  if (!lock) return fail(lock.error());
  auto record = load(name);
  if (!record) return fail(record.error());
  const SandboxState state = state_of(site_, *record);
  if (state == SandboxState::paused) return {};
  if (state != SandboxState::running) return conflict("the sandbox " + name + " does not run");
  return freeze_sandbox(site_, *record, ctx);
}

Result<void> LocalBackend::resume(const std::string& name, const CallContext& ctx) {
  auto lock = this->lock(name, ctx);
  if (!lock) return fail(lock.error());
  auto record = load(name);
  if (!record) return fail(record.error());
  const SandboxState state = state_of(site_, *record);
  if (state == SandboxState::running) return {};
  if (state != SandboxState::paused) return conflict("the sandbox " + name + " does not run", "launch it again");
  return thaw_sandbox(site_, *record);
}

Result<void> LocalBackend::stop(const std::string& name, std::chrono::milliseconds grace, const CallContext& ctx) {
  auto lock = this->lock(name, ctx);
  if (!lock) return fail(lock.error());
  auto record = load(name);
  if (!record) return fail(record.error());
  ask_to_end(site_, *record, grace, ctx);
  if (auto ended = end_processes(site_, *record, with_timeout(kEndTime)); !ended) return ended;
  record->phase = SandboxRecord::Phase::stopped;
  record->paused = false;
  record->supervisor = record->init = record->egress = ProcessIdentity{};
  return save_record(site_.paths(name).record, *record);
}

Result<void> LocalBackend::remove(const std::string& name, const CallContext& ctx) {
  if (!is_valid_name(name)) return {};
  const std::string folder = site_.paths(name).folder;
  auto lock = FolderLock::acquire(folder, Missing::is_error, ctx.within(kPoliteWait));
  if (!lock && lock.error().code == ErrorCode::deadline_exceeded) {
    if (auto record = load(name)) kill_now(site_, *record);
    lock = FolderLock::acquire(folder, Missing::is_error, ctx);
  }
  if (!lock && lock.error().code == ErrorCode::not_found) return {};
  if (!lock) return fail(lock.error());
  return remove_locked(name, ctx);
}

Result<void> LocalBackend::remove_locked(const std::string& name, const CallContext& ctx) {
  auto record = load(name);
  // Without a readable record the control group and the files are still found by name.
  SandboxRecord known;
  if (record) known = std::move(*record);
  known.name = name;
  if (auto ended = end_processes(site_, known, ctx); !ended) return ended;
  return erase_files(site_, known);
}

// A folder without a record is what a launch that died in its first step left, or one that is just beginning.
void LocalBackend::sweep(const std::string& name) {
  auto lock = FolderLock::try_acquire(site_.paths(name).folder, Missing::is_error);
  if (!lock) return;
  if (auto record = load(name); record || record.error().code != ErrorCode::not_found) return;
  (void)remove_locked(name, with_timeout(kEndTime));
}

void LocalBackend::note_children(const SandboxRecord& record) {
  const std::lock_guard lock(children_mutex_);
  for (const ProcessIdentity& child : {record.supervisor, record.egress}) {
    if (child) children_.push_back(child);
  }
}

void LocalBackend::reap_children() {
  const std::lock_guard lock(children_mutex_);
  std::erase_if(children_, [](const ProcessIdentity& child) { return !is_alive(child); });  // which reaps it
}

Result<std::vector<Sandbox>> LocalBackend::list(const std::map<std::string, std::string>& selector,
                                                const CallContext& ctx) {
  reap_children();
  std::vector<Sandbox> found;
  for (const auto& name : folder_names(site_.sandboxes_dir())) {
    if (auto more = ctx.check(); !more) return fail(more.error());
    auto record = load(name);
    if (record && matches(record->labels, selector)) found.push_back(describe(*record));
    if (!record && record.error().code == ErrorCode::not_found) sweep(name);
    if (!record && record.error().code == ErrorCode::data_loss) {
      site_.log().error("local sandbox: " + record.error().message, {{"sandbox", name}});
    }
  }
  return found;
}

Result<std::string> LocalBackend::logs(const std::string& name, int tail_lines, const CallContext&) {
  auto record = load(name);
  if (!record) return fail(record.error());
  return to_valid_utf8(last_lines(read_tail(site_.paths(name).log, kLongestLog), tail_lines));
}

Result<SandboxStats> LocalBackend::stats(const std::string& name, const CallContext&) {
  auto record = load(name);
  if (!record) return fail(record.error());
  return measure(site_, *record);
}

Result<std::uint64_t> LocalBackend::disk_usage(const std::string& name, const CallContext& ctx) {
  if (auto record = load(name); !record) return fail(record.error());
  return disk_usage_of(site_.paths(name), ctx);
}

}  // namespace

Result<std::unique_ptr<ContainerBackend>> make_local_backend(LocalBackendOptions options) {
  auto site = Site::make(std::move(options));
  if (!site) return fail(site.error());
  return std::make_unique<LocalBackend>(std::move(*site));
}

}  // namespace ottobot::containers
