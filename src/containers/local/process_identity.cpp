#include "containers/local/process_identity.hpp"

#include <dirent.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <map>
#include <memory>
#include <sstream>

#include "containers/common/files.hpp"
#include "net/unique_fd.hpp"

namespace ottobot::containers {
namespace {

std::string proc_path(pid_t pid, const char* name) { return "/proc/" + std::to_string(pid) + "/" + name; }

std::vector<pid_t> all_pids() {
  std::vector<pid_t> pids;
  std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), &::closedir);
  if (!proc) return pids;
  while (const dirent* entry = ::readdir(proc.get())) {
    char* end = nullptr;
    const long pid = std::strtol(entry->d_name, &end, 10);
    if (pid > 0 && *end == '\0') pids.push_back(static_cast<pid_t>(pid));
  }
  return pids;
}

}  // namespace

std::optional<ProcessStat> parse_process_stat(const std::string& line) {
  // The command is in parentheses and may itself contain any of ") (".
  const auto open = line.find('(');
  const auto close = line.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
  ProcessStat stat;
  stat.pid = static_cast<pid_t>(std::strtol(line.c_str(), nullptr, 10));
  stat.command = line.substr(open + 1, close - open - 1);
  std::istringstream rest(line.substr(close + 1));
  std::string skipped;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  rest >> stat.state >> stat.parent >> skipped >> stat.session;
  for (int field = 7; field < 14; ++field) rest >> skipped;
  rest >> user >> system;
  for (int field = 16; field < 22; ++field) rest >> skipped;
  rest >> stat.start_ticks >> skipped >> stat.resident_pages;
  if (!rest) return std::nullopt;
  stat.cpu_ticks = user + system;
  return stat;
}

std::optional<ProcessStat> read_process_stat(pid_t pid) {
  if (pid <= 0) return std::nullopt;
  const auto line = read_text(proc_path(pid, "stat"));
  if (!line) return std::nullopt;
  return parse_process_stat(*line);
}

ProcessIdentity identify(pid_t pid) {
  const auto stat = read_process_stat(pid);
  if (!stat) return {};
  return {pid, stat->start_ticks};
}

bool is_alive(const ProcessIdentity& process) {
  const auto stat = read_process_stat(process.pid);
  if (!stat || stat->start_ticks != process.start_ticks) return false;
  if (stat->state != 'Z' && stat->state != 'X') return true;
  if (stat->parent == ::getpid()) ::waitpid(process.pid, nullptr, WNOHANG);
  return false;
}

void send_signal(const ProcessIdentity& process, int signal) {
  if (!process) return;
  net::UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  // The handle is bound to whoever has the pid now; only then is it worth asking who that is.
  const auto stat = read_process_stat(process.pid);
  if (!stat || stat->start_ticks != process.start_ticks) return;
  if (handle) {
    ::syscall(SYS_pidfd_send_signal, handle.get(), signal, nullptr, 0);
  } else {
    ::kill(process.pid, signal);
  }
}

std::vector<ProcessStat> process_tree(const ProcessIdentity& root) {
  std::vector<ProcessStat> tree;
  const auto first = read_process_stat(root.pid);
  if (!first || first->start_ticks != root.start_ticks) return tree;
  std::multimap<pid_t, ProcessStat> by_parent;
  for (const pid_t pid : all_pids()) {
    auto stat = read_process_stat(pid);
    if (stat && stat->state != 'Z') by_parent.emplace(stat->parent, std::move(*stat));
  }
  tree.push_back(*first);
  for (std::size_t next = 0; next < tree.size(); ++next) {
    const auto [begin, end] = by_parent.equal_range(tree[next].pid);
    for (auto child = begin; child != end; ++child) tree.push_back(child->second);
  }
  return tree;
}

std::vector<ProcessIdentity> processes_of_uid(uid_t uid) {
  std::vector<ProcessIdentity> found;
  for (const pid_t pid : all_pids()) {
    // The owner of /proc/PID is root for an undumpable process; status tells the truth.
    const auto status = read_text(proc_path(pid, "status"), 4096);
    if (!status) continue;
    const auto line = status->find("\nUid:\t");
    if (line == std::string::npos) continue;
    if (std::strtoul(status->c_str() + line + 6, nullptr, 10) != uid) continue;
    const auto stat = read_process_stat(pid);
    if (stat && stat->state != 'Z') found.push_back({pid, stat->start_ticks});
  }
  return found;
}

std::string host_boot_id() {
  std::string id = read_text("/proc/sys/kernel/random/boot_id").value_or("");
  while (!id.empty() && id.back() == '\n') id.pop_back();
  return id;
}

}  // namespace ottobot::containers
