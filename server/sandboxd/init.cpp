#include "init.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

namespace ottobot::sandboxd {
namespace {

// The child's exit code, once it has ended.
bool reap_all(pid_t child, int& exit_code) {
  bool ended = false;
  int status = 0;
  for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0; pid = ::waitpid(-1, &status, WNOHANG)) {
    if (pid != child) continue;
    ended = true;
    exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return ended;
}

[[noreturn]] void end_everything(int exit_code) {
  ::kill(-1, SIGTERM);
  for (int waited = 0; waited < 20; ++waited) {
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    if (::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD) break;
    timespec moment{0, 5'000'000};
    ::nanosleep(&moment, nullptr);
  }
  ::kill(-1, SIGKILL);
  ::_exit(exit_code);
}

[[noreturn]] void watch_over(pid_t child, const sigset_t& signals) {
  int exit_code = 0;
  for (;;) {
    siginfo_t info{};
    int number = ::sigwaitinfo(&signals, &info);
    if (number > 0 && number != SIGCHLD) ::kill(child, number);
    if (reap_all(child, exit_code)) end_everything(exit_code);
  }
}

}  // namespace

void become_init_if_first() {
  if (::getpid() != 1) return;
  sigset_t signals, before;
  ::sigfillset(&signals);
  ::sigprocmask(SIG_SETMASK, &signals, &before);
  pid_t child = ::fork();
  if (child > 0) watch_over(child, signals);
  // The child, or no fork at all: then this process does without an init.
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace ottobot::sandboxd
