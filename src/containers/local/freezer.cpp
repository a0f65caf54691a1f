#include "containers/local/freezer.hpp"

#include <unistd.h>

#include <csignal>

namespace ottobot::containers {
namespace {

// Twice: what was forked while the first round went on is caught by the second, its parent being stopped already.
void signal_tree(const ProcessIdentity& root, int signal) {
  for (int round = 0; round < 2; ++round) {
    for (const auto& process : process_tree(root)) send_signal({process.pid, process.start_ticks}, signal);
  }
}

Result<void> mark_paused(const Site& site, SandboxRecord& record, bool paused) {
  record.paused = paused;
  return save_record(site.paths(record.name).record, record);
}

}  // namespace

Result<void> freeze_sandbox(const Site& site, SandboxRecord& record, const CallContext& ctx) {
  const auto group = site.cgroup(record.name);
  if (group && group->exists()) {
    auto frozen = group->freeze(ctx);
    if (!frozen) (void)group->thaw();
    return frozen;
  }
  // Said before it is done: a crash in between leaves a sandbox that resume() sets going again.
  if (auto saved = mark_paused(site, record, true); !saved) return saved;
  signal_tree(record.init, SIGSTOP);
  return {};
}

Result<void> thaw_sandbox(const Site& site, SandboxRecord& record) {
  const auto group = site.cgroup(record.name);
  if (group && group->exists()) return group->thaw();
  signal_tree(record.init, SIGCONT);
  return mark_paused(site, record, false);
}

SandboxStats measure(const Site& site, const SandboxRecord& record) {
  const auto group = site.cgroup(record.name);
  if (group && group->exists()) return group->stats();
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const auto ticks = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  SandboxStats stats;
  for (const auto& process : process_tree(record.init)) {
    stats.memory_bytes += process.resident_pages * page;
    stats.cpu_time_us += process.cpu_ticks * 1'000'000 / ticks;
    ++stats.processes;
  }
  return stats;
}

}  // namespace ottobot::containers
