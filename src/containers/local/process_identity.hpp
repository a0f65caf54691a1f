// Which process a pid means: pids are reused, pid and start time together are not.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ottobot::containers {

struct ProcessIdentity {
  pid_t pid = 0;  // 0 = none
  std::uint64_t start_ticks = 0;

  explicit operator bool() const { return pid > 0; }
};

struct ProcessStat {
  pid_t pid = 0;
  std::string command;
  char state = '?';
  pid_t parent = 0;
  pid_t session = 0;
  std::uint64_t cpu_ticks = 0;
  std::uint64_t start_ticks = 0;
  std::uint64_t resident_pages = 0;
};

// Of one line of /proc/PID/stat; nullopt when it is none.
std::optional<ProcessStat> parse_process_stat(const std::string& line);
std::optional<ProcessStat> read_process_stat(pid_t pid);
// The process that `pid` means now; none when there is none.
ProcessIdentity identify(pid_t pid);
// It runs: neither gone nor a zombie. A zombie that is our own child is reaped on the way.
bool is_alive(const ProcessIdentity& process);
// Never signals another process that got the same pid.
void send_signal(const ProcessIdentity& process, int signal);
// `root` and everything below it but zombies, parents first.
std::vector<ProcessStat> process_tree(const ProcessIdentity& root);
// Every process of this host that runs under `uid`, without zombies.
std::vector<ProcessIdentity> processes_of_uid(uid_t uid);
// The boot that pids and start times belong to.
std::string host_boot_id();

}  // namespace ottobot::containers
