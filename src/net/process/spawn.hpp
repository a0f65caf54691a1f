// Child processes.
//
// spawn() starts one in its own process group (or session); Process owns the child until it is reaped. Not shared
// between threads, but kill_group() may be called from any while another waits.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "net/unique_fd.hpp"
#include "ottobot/call_context.hpp"

namespace ottobot::net {

struct SpawnOptions {
  std::vector<std::string> argv;                          // argv[0] is looked up in PATH of `env` unless it has a slash
  std::optional<std::map<std::string, std::string>> env;  // nullopt = ours
  std::string cwd;                                        // empty = ours
  int stdin_fd = -1, stdout_fd = -1, stderr_fd = -1;      // borrowed until spawn returns; -1 = /dev/null
  std::vector<std::pair<int, int>> extra_fds;             // {ours, number in the child}
  bool new_session = false;                               // setsid instead of setpgid: survives our terminal
  std::vector<std::string> join_cgroups;                  // files of control groups that take the writer ("0") in
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  bool die_with_parent = false;  // PR_SET_PDEATHSIG SIGKILL: ends with the *thread* that spawned it
};

struct ExitStatus {
  int code = 0;    // exit code, or 128 + signal; -1 when somebody else reaped it and the status is lost
  int signal = 0;  // 0 = exited
};

class Process {
 public:
  Process() = default;
  Process(pid_t pid, UniqueFd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  Process(Process&&) noexcept = default;
  Process& operator=(Process&&) noexcept = default;
  ~Process() = default;  // the child goes on; reap it with wait() or it stays a zombie until we end

  pid_t pid() const { return pid_; }
  // Becomes readable when it ends, for poll(); owned by this object.
  int exit_fd() const { return pidfd_.get(); }
  // Blocks until it ends. Errors: cancelled, deadline_exceeded: it goes on.
  Result<ExitStatus> wait(const CallContext& ctx);
  std::optional<ExitStatus> try_wait();
  void kill_group(int signal = SIGKILL) const;

 private:
  pid_t pid_ = -1;
  UniqueFd pidfd_;
  std::optional<ExitStatus> status_;
};

// Errors: not_found (no such program; the message names it), permission_denied, resource_exhausted, invalid_argument
// (cwd).
Result<Process> spawn(const SpawnOptions& options);

// Runs to the end and collects stdout and stderr (each cut at max_output_bytes). On stop or deadline the group is
// killed.
struct RunResult {
  ExitStatus status;
  std::string out, err;
};
Result<RunResult> run(SpawnOptions options, const CallContext& ctx, std::size_t max_output_bytes = 1 << 20);

// Both ends close-on-exec: {read, write}.
Result<std::pair<UniqueFd, UniqueFd>> make_pipe();

// True when `program` is found in PATH.
bool has_program(const std::string& program);

}  // namespace ottobot::net
