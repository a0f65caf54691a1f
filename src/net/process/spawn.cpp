#include "net/process/spawn.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "net/process/blocked_signals.hpp"
#include "net/process/exec_child.hpp"

namespace ottobot::net {
namespace {

Result<void> check_options(const SpawnOptions& options) {
  if (options.argv.empty() || options.argv.front().empty()) return invalid_argument("no program to start");
  const auto has_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  for (const std::string& argument : options.argv) {
    if (has_nul(argument)) return invalid_argument("an argument of " + options.argv.front() + " has a NUL byte");
  }
  if (options.env) {
    for (const auto& [name, value] : *options.env) {
      if (name.empty() || name.find('=') != std::string::npos || has_nul(name) || has_nul(value)) {
        return invalid_argument("\"" + name + "\" is no valid environment variable");
      }
    }
  }
  return {};
}

Failure exec_error(const std::string& program, int errno_value) {
  switch (errno_value) {
    case ENOENT:
    case ENOTDIR:
      return not_found("no such program: " + program, "install it, or check PATH");
    case EACCES:
      return permission_denied(program + " is not executable for us");
    case E2BIG:
      return invalid_argument("the arguments of " + program + " are too long");
    default:
      return errno_error("cannot execute " + program, errno_value);
  }
}

Failure child_error(const SpawnOptions& options, const ChildFailure& failure) {
  const std::string reason = std::strerror(failure.errno_value);
  switch (failure.stage) {
    case ChildStage::exec:
      return exec_error(options.argv.front(), failure.errno_value);
    case ChildStage::cwd:
      return invalid_argument("cannot enter folder " + options.cwd + ": " + reason);
    case ChildStage::ids:
      return permission_denied("cannot change the user of " + options.argv.front() + ": " + reason);
    case ChildStage::cgroup:
      return errno_error("cannot join the control group of " + options.argv.front(), failure.errno_value);
    case ChildStage::fds:
    case ChildStage::session:
      break;
  }
  return errno_error("cannot prepare " + options.argv.front(), failure.errno_value);
}

// Nothing when exec succeeded (the pipe closed), else why it did not.
std::optional<ChildFailure> read_failure(int status_fd) {
  ChildFailure failure;
  ssize_t got = 0;
  do {
    got = ::read(status_fd, &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof failure) return std::nullopt;
  return failure;
}

void reap(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Failure fork_error(int errno_value) {
  if (errno_value == EAGAIN || errno_value == ENOMEM) {
    return resource_exhausted(std::string("cannot start a process: ") + std::strerror(errno_value),
                              "raise the limit of processes or memory");
  }
  return errno_error("fork", errno_value);
}

}  // namespace

Result<Process> spawn(const SpawnOptions& options) {
  if (auto valid = check_options(options); !valid) return fail(valid.error());
  auto status = make_pipe();
  if (!status) return fail(status.error());
  UniqueFd dev_null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!dev_null) return errno_error("/dev/null", errno);

  const ChildPlan plan(options, dev_null.get(), status->second.get());
  pid_t pid = -1;
  {
    const BlockedSignals blocked;
    // A copy of a large program's page tables takes longer than all the rest.
    pid = ::vfork();           // NOLINT(clang-analyzer-security.insecureAPI.vfork)
    if (pid == 0) plan.run();  // NOLINT(clang-analyzer-unix.Vfork): as in a child of fork, on memory of its own
  }
  if (pid < 0) return fork_error(errno);
  status->second.reset();
  if (auto failure = read_failure(status->first.get())) {
    reap(pid);
    return child_error(options, *failure);
  }
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) {
    const int error = errno;
    ::kill(pid, SIGKILL);
    reap(pid);
    return errno_error("pidfd_open", error);
  }
  return Process(pid, std::move(pidfd));
}

Result<std::pair<UniqueFd, UniqueFd>> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_error("pipe", errno);
  return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

bool has_program(const std::string& program) {
  for (const std::string& candidate : program_candidates(program, std::nullopt)) {
    struct stat info {};
    if (::stat(candidate.c_str(), &info) == 0 && S_ISREG(info.st_mode) && ::access(candidate.c_str(), X_OK) == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace ottobot::net
