#include "net/process/exec_child.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

extern char** environ;

namespace ottobot::net {
namespace {

constexpr const char* kDefaultPath = "/usr/local/bin:/usr/bin:/bin";

std::string search_path(const std::optional<std::map<std::string, std::string>>& env) {
  if (env) {
    auto found = env->find("PATH");
    return found == env->end() ? kDefaultPath : found->second;
  }
  const char* ours = std::getenv("PATH");
  return ours == nullptr ? kDefaultPath : ours;
}

void reset_signals() {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace

std::vector<std::string> program_candidates(const std::string& program,
                                            const std::optional<std::map<std::string, std::string>>& env) {
  if (program.find('/') != std::string::npos) return {program};
  std::vector<std::string> candidates;
  const std::string path = search_path(env);
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find(':', start), path.size());
    const std::string folder = path.substr(start, end - start);
    candidates.push_back((folder.empty() ? "." : folder) + "/" + program);
    start = end + 1;
  }
  return candidates;
}

ChildPlan::ChildPlan(const SpawnOptions& options, int dev_null, int status_fd)
    : options_(options), parent_(::getpid()), privileged_(::geteuid() == 0), status_fd_(status_fd), first_free_fd_(3) {
  const auto or_null = [dev_null](int fd) { return fd < 0 ? dev_null : fd; };
  fds_ = {{or_null(options.stdin_fd), 0}, {or_null(options.stdout_fd), 1}, {or_null(options.stderr_fd), 2}};
  fds_.insert(fds_.end(), options.extra_fds.begin(), options.extra_fds.end());
  for (const auto& [ours, theirs] : fds_) first_free_fd_ = std::max(first_free_fd_, theirs + 1);
  moved_.assign(fds_.size(), -1);

  candidates_ = program_candidates(options.argv.front(), options.env);
  for (const std::string& argument : options.argv) argv_.push_back(const_cast<char*>(argument.c_str()));
  argv_.push_back(nullptr);
  if (!options.env) return;
  for (const auto& [name, value] : *options.env) env_strings_.push_back(name + "=" + value);
  for (std::string& entry : env_strings_) envp_.push_back(entry.data());
  envp_.push_back(nullptr);
}

void ChildPlan::run() const {
  reset_signals();
  enter_group();
  join_cgroups();
  place_fds();
  drop_ids();
  if (options_.die_with_parent) {
    // After the change of ids, which clears it.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent_) ::_exit(127);
  }
  if (!options_.cwd.empty() && ::chdir(options_.cwd.c_str()) != 0) give_up(ChildStage::cwd, errno);
  exec();
}

void ChildPlan::enter_group() const {
  const int result = options_.new_session ? static_cast<int>(::setsid()) : ::setpgid(0, 0);
  if (result < 0) give_up(ChildStage::session, errno);
}

void ChildPlan::join_cgroups() const {
  for (const std::string& file : options_.join_cgroups) {
    const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0 || ::write(fd, "0", 1) != 1) give_up(ChildStage::cgroup, errno);
    ::close(fd);
  }
}

// Every source is first copied above all targets, so that no target overwrites a source that is still needed.
void ChildPlan::place_fds() const {
  const int status = ::fcntl(status_fd_, F_DUPFD_CLOEXEC, first_free_fd_);
  if (status < 0) give_up(ChildStage::fds, errno);
  status_fd_ = status;
  for (std::size_t i = 0; i < fds_.size(); ++i) {
    moved_[i] = ::fcntl(fds_[i].first, F_DUPFD_CLOEXEC, first_free_fd_);
    if (moved_[i] < 0) give_up(ChildStage::fds, errno);
  }
  // Descriptors that some library opened without close-on-exec stay out of the child; old kernels lack the call.
  ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
  for (std::size_t i = 0; i < fds_.size(); ++i) {
    if (::dup2(moved_[i], fds_[i].second) < 0) give_up(ChildStage::fds, errno);
  }
}

void ChildPlan::drop_ids() const {
  if (!options_.uid && !options_.gid) return;
  const bool all_ours =
      (!options_.uid || *options_.uid == ::geteuid()) && (!options_.gid || *options_.gid == ::getegid());
  if (!privileged_ && all_ours) return;
  // The bare calls: glibc's own would signal threads that exist only in the parent.
  if (privileged_ && ::syscall(SYS_setgroups, 0, nullptr) != 0) give_up(ChildStage::ids, errno);
  if (options_.gid && ::syscall(SYS_setresgid, *options_.gid, *options_.gid, *options_.gid) != 0) {
    give_up(ChildStage::ids, errno);
  }
  if (options_.uid && ::syscall(SYS_setresuid, *options_.uid, *options_.uid, *options_.uid) != 0) {
    give_up(ChildStage::ids, errno);
  }
}

void ChildPlan::exec() const {
  char* const* envp = options_.env ? envp_.data() : environ;
  int worst = ENOENT;
  for (const std::string& candidate : candidates_) {
    ::execve(candidate.c_str(), argv_.data(), envp);
    if (errno == EACCES) worst = EACCES;
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) give_up(ChildStage::exec, errno);
  }
  give_up(ChildStage::exec, worst);
}

void ChildPlan::give_up(ChildStage stage, int errno_value) const {
  const ChildFailure failure{stage, errno_value};
  [[maybe_unused]] const auto written = ::write(status_fd_, &failure, sizeof failure);
  ::_exit(127);
}

}  // namespace ottobot::net
