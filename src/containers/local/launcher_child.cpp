#include "containers/local/launcher_child.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

namespace ottobot::containers {
namespace {

void reset_signals() {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool write_file(const char* path, const char* text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool ok = ::write(fd, text, std::strlen(text)) == static_cast<ssize_t>(std::strlen(text));
  const int error = errno;
  ::close(fd);
  errno = error;
  return ok;
}

// "/proc/self/fd/N" without the C++ library.
struct FdPath {
  char text[32];
  explicit FdPath(int fd) {
    std::strcpy(text, "/proc/self/fd/");
    char digits[12];
    int count = 0;
    do {
      digits[count++] = static_cast<char>('0' + fd % 10);
      fd /= 10;
    } while (fd > 0);
    char* end = text + std::strlen(text);
    while (count > 0) *end++ = digits[--count];
    *end = '\0';
  }
};

bool bind(int source, const StagedPath& staged) {
  const char* place = staged.place.c_str();
  if (staged.is_folder) {
    if (::mkdir(place, 0755) != 0) return false;
  } else {
    const int fd = ::open(place, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return false;
    ::close(fd);
  }
  return ::mount(FdPath(source).text, place, nullptr, MS_BIND, nullptr) == 0;
}

void set_limit(__rlimit_resource_t what, rlim_t value) {
  const rlimit limit{value, value};
  ::setrlimit(what, &limit);
}

}  // namespace

const char* to_string(LaunchStage stage) {
  switch (stage) {
    case LaunchStage::session:
      return "start a session";
    case LaunchStage::cgroup:
      return "join the control group";
    case LaunchStage::network:
      return "enter a network namespace of its own";
    case LaunchStage::staging:
      return "bind the sandbox's folders in a private mount namespace";
    case LaunchStage::limits:
      return "set limits";
    case LaunchStage::ids:
      return "change to the sandbox's uid";
    case LaunchStage::descriptors:
      return "place descriptors";
    case LaunchStage::exec:
      return "execute bubblewrap";
  }
  return "start";
}

LauncherChild::LauncherChild(const LauncherPlan& plan, std::vector<StagedPath> staged, const Descriptors& fds)
    : plan_(plan), staged_(std::move(staged)), staged_fds_(staged_.size(), -1), fds_(fds) {
  uid_map_ = "0 " + std::to_string(::geteuid()) + " 1\n";
  gid_map_ = "0 " + std::to_string(::getegid()) + " 1\n";
  words_ = {plan.bwrap, "--args", std::to_string(kArgsFd), "--"};
  words_.insert(words_.end(), plan.sandbox.command.begin(), plan.sandbox.command.end());
  for (std::string& word : words_) argv_.push_back(word.data());
  argv_.push_back(nullptr);
}

void LauncherChild::run() const {
  reset_signals();
  require(::setsid() >= 0, LaunchStage::session);
  await_gate();
  ::umask(022);
  // A host out of memory shall end a sandbox rather than the server that started it.
  write_file("/proc/self/oom_score_adj", "300");
  join_cgroups();
  if (plan_.network_fd >= 0) require(::setns(plan_.network_fd, CLONE_NEWNET) == 0, LaunchStage::network);
  if (plan_.own_network_first) make_network();
  if (!staged_.empty()) stage();
  limit();
  if (plan_.uid) drop_ids();
  place_descriptors();
  char* const no_environment[] = {nullptr};
  ::execve(plan_.bwrap.c_str(), argv_.data(), no_environment);
  require(false, LaunchStage::exec);
  ::_exit(127);
}

void LauncherChild::require(bool ok, LaunchStage stage) const {
  if (ok) return;
  const LaunchFailure failure{stage, errno};
  [[maybe_unused]] const auto written = ::write(fds_.status, &failure, sizeof failure);
  ::_exit(127);
}

void LauncherChild::await_gate() const {
  if (fds_.gate < 0) return;
  char go = 0;
  ssize_t got = 0;
  do {
    got = ::read(fds_.gate, &go, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1) ::_exit(0);
}

void LauncherChild::join_cgroups() const {
  for (const auto& file : plan_.join_cgroups) require(write_file(file.c_str(), "0"), LaunchStage::cgroup);
}

void LauncherChild::make_network() const {
  require(::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0, LaunchStage::network);
  require(write_file("/proc/self/setgroups", "deny"), LaunchStage::network);
  require(write_file("/proc/self/uid_map", uid_map_.c_str()), LaunchStage::network);
  require(write_file("/proc/self/gid_map", gid_map_.c_str()), LaunchStage::network);
  require(block_networks(plan_.blocked), LaunchStage::network);
}

void LauncherChild::stage() const {
  require(::unshare(CLONE_NEWNS) == 0, LaunchStage::staging);
  // Slave, not private: what the host unmounts later shall not stay mounted here.
  require(::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0, LaunchStage::staging);
  for (std::size_t i = 0; i < staged_.size(); ++i) {
    staged_fds_[i] = ::open(staged_[i].source.c_str(), O_PATH | O_CLOEXEC);
    require(staged_fds_[i] >= 0, LaunchStage::staging);
  }
  const unsigned long flags = MS_NOSUID | MS_NODEV;
  require(::mount("tmpfs", kStage, "tmpfs", flags, "mode=0711,size=64k") == 0, LaunchStage::staging);
  for (std::size_t i = 0; i < staged_.size(); ++i) require(bind(staged_fds_[i], staged_[i]), LaunchStage::staging);
}

void LauncherChild::limit() const {
  set_limit(RLIMIT_CORE, 0);
  if (plan_.max_memory_bytes) set_limit(RLIMIT_DATA, *plan_.max_memory_bytes);
  if (plan_.max_file_bytes > 0) set_limit(RLIMIT_FSIZE, plan_.max_file_bytes);
}

void LauncherChild::drop_ids() const {
  const uid_t uid = *plan_.uid;
  // The bare calls: glibc's own would signal threads that exist only in the parent.
  require(::syscall(SYS_setgroups, 0, nullptr) == 0, LaunchStage::ids);
  require(::syscall(SYS_setresgid, uid, uid, uid) == 0, LaunchStage::ids);
  require(::syscall(SYS_setresuid, uid, uid, uid) == 0, LaunchStage::ids);
}

// The parent made every descriptor with a number of kFirstFreeFd or more: no target overwrites a source.
void LauncherChild::place_descriptors() const {
  const std::pair<int, int> places[] = {{fds_.dev_null, 0},
                                        {fds_.log, 1},
                                        {fds_.log, 2},
                                        {fds_.info, kInfoFd},
                                        {fds_.info_read, kInfoReadFd},
                                        {fds_.seccomp, kSeccompFd},
                                        {fds_.args, kArgsFd},
                                        {fds_.lifeline, kLifelineFd}};
  for (const auto& [ours, theirs] : places) {
    if (ours < 0) continue;
    require(::dup2(ours, theirs) >= 0, LaunchStage::descriptors);
  }
  // Whatever some library opened without close-on-exec stays out of the sandbox.
  ::syscall(SYS_close_range, static_cast<unsigned>(kFirstFreeFd), ~0U, CLOSE_RANGE_CLOEXEC);
}

}  // namespace ottobot::containers
