#include "containers/local/teardown.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "containers/common/files.hpp"
#include "containers/common/wait_until.hpp"

namespace ottobot::containers {
namespace {

constexpr std::chrono::milliseconds kOrderlyTime{500};

// Everything that the record and the process table know of it. The control group, where there is one, knows more.
std::vector<ProcessIdentity> known_processes(const Site& site, const SandboxRecord& record, bool search_by_uid) {
  std::vector<ProcessIdentity> found;
  for (const auto& root : {record.supervisor, record.init, record.egress}) {
    for (const auto& process : process_tree(root)) found.push_back({process.pid, process.start_ticks});
  }
  // A uid whose lease was lost, as in a reboot, may be somebody else's by now.
  if (record.uid && search_by_uid && site.uids.holds(site.paths(record.name).folder, *record.uid)) {
    for (const auto& process : processes_of_uid(*record.uid)) found.push_back(process);
  }
  return found;
}

bool any_alive(const SandboxRecord& record) {
  // All three are asked, because asking reaps the zombies among our own children.
  const bool supervisor = is_alive(record.supervisor);
  const bool init = is_alive(record.init);
  const bool egress = is_alive(record.egress);
  return supervisor || init || egress;
}

// Process 1 takes all others of the sandbox with it. Its supervisor then reaps it and ends by itself: killed together,
// they would leave a zombie to the host's own process 1, which in a container may never look.
void end_in_order(const SandboxRecord& record, Cgroup* group) {
  if (!is_alive(record.init)) return;
  if (group) (void)group->thaw();
  send_signal(record.init, SIGKILL);
  (void)wait_until([&] { return !is_alive(record.supervisor); }, with_timeout(kOrderlyTime));
}

}  // namespace

SandboxState state_of(const Site& site, const SandboxRecord& record) {
  const bool supervised = is_alive(record.supervisor);
  (void)is_alive(record.egress);
  if (record.phase == SandboxRecord::Phase::stopped) return SandboxState::exited;
  if (record.phase == SandboxRecord::Phase::launching) {
    return supervised ? SandboxState::starting : SandboxState::exited;
  }
  if (!is_alive(record.init)) return SandboxState::exited;
  const auto group = site.cgroup(record.name);
  const bool frozen = group && group->frozen();
  return frozen || record.paused ? SandboxState::paused : SandboxState::running;
}

void ask_to_end(const Site& site, const SandboxRecord& record, std::chrono::milliseconds grace,
                const CallContext& ctx) {
  if (grace.count() <= 0 || !is_alive(record.init)) return;
  send_signal(record.init, SIGTERM);
  if (const auto group = site.cgroup(record.name)) (void)group->thaw();
  if (record.paused) send_signal(record.init, SIGCONT);
  (void)wait_until([&] { return !is_alive(record.init); }, ctx.within(grace));
}

void kill_now(const Site& site, const SandboxRecord& record) {
  const auto group = site.cgroup(record.name);
  if (group) (void)group->thaw();
  // Its supervisor is left to reap it.
  if (is_alive(record.init)) return send_signal(record.init, SIGKILL);
  for (const auto& process : known_processes(site, record, !group)) send_signal(process, SIGKILL);
}

Result<void> end_processes(const Site& site, const SandboxRecord& record, const CallContext& ctx) {
  const auto group = site.cgroup(record.name);
  const bool grouped = group && group->exists();
  end_in_order(record, grouped ? group.get() : nullptr);
  for (const auto& process : known_processes(site, record, !grouped)) send_signal(process, SIGKILL);
  if (grouped) {
    if (auto killed = group->kill_all(ctx); !killed) return fail(killed.error(), "its processes do not end");
  }
  auto gone = wait_until(
      [&] {
        if (any_alive(record)) return false;
        return grouped || known_processes(site, record, true).empty();
      },
      ctx);
  if (!gone) return fail(gone.error(), "its processes do not end");
  // Also what a launch made of it that was killed halfway.
  if (group) return group->destroy(ctx);
  return {};
}

Result<void> erase_files(const Site& site, const SandboxRecord& record) {
  const SandboxPaths paths = site.paths(record.name);
  for (const auto& path : {paths.workspace, paths.run_dir, record.run_dir}) {
    if (path.empty()) continue;
    if (auto removed = remove_tree(path); !removed) return removed;
  }
  if (record.uid) site.uids.release(paths.folder, *record.uid);
  return remove_tree(paths.folder);
}

}  // namespace ottobot::containers
