// Waiting for a child, and running one to its end.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "net/process/spawn.hpp"
#include "net/process/wait_fd.hpp"

namespace ottobot::net {
namespace {

using namespace std::chrono_literals;

// One output pipe of run().
class Capture {
 public:
  explicit Capture(std::size_t limit) : limit_(limit) {}

  Result<UniqueFd> open() {
    auto pipe = make_pipe();
    if (!pipe) return fail(pipe.error());
    read_end_ = std::move(pipe->first);
    ::fcntl(read_end_.get(), F_SETFL, O_NONBLOCK);
    return std::move(pipe->second);
  }
  int fd() const { return read_end_.get(); }
  std::string take() { return std::move(text_); }

  // Takes what is there; what is over the limit is read and dropped, so that the child is never held up. Bounded,
  // because something that the child left behind may write for ever.
  void drain() {
    constexpr int kMostReads = 64;
    char buffer[16384];
    for (int i = 0; i < kMostReads && read_end_; ++i) {
      const ssize_t got = ::read(read_end_.get(), buffer, sizeof buffer);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) {
        read_end_.reset();
        return;
      }
      text_.append(buffer, std::min(static_cast<std::size_t>(got), limit_ - text_.size()));
    }
  }

 private:
  UniqueFd read_end_;
  std::string text_;
  std::size_t limit_;
};

ExitStatus from_siginfo(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return {info.si_status, 0};
  return {128 + info.si_status, info.si_status};
}

Result<void> pump_until_exit(const Process& process, Capture& out, Capture& err, const CallContext& ctx) {
  while (true) {
    // Closed pipes have fd -1, which poll() skips.
    pollfd fds[3] = {{out.fd(), POLLIN, 0}, {err.fd(), POLLIN, 0}, {process.exit_fd(), POLLIN, 0}};
    if (auto ready = wait_fds(fds, ctx); !ready) return ready;
    out.drain();
    err.drain();
    if (fds[2].revents != 0) return {};
  }
}

}  // namespace

std::optional<ExitStatus> Process::try_wait() {
  if (status_ || !pidfd_) return status_;
  siginfo_t info{};
  int result = 0;
  do {
    result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG);
  } while (result < 0 && errno == EINTR);
  if (result < 0) {
    status_ = ExitStatus{-1, 0};
  } else if (info.si_pid != 0) {
    status_ = from_siginfo(info);
  }
  return status_;
}

Result<ExitStatus> Process::wait(const CallContext& ctx) {
  while (true) {
    if (auto status = try_wait()) return *status;
    if (!pidfd_) return internal_error("wait for a process that was never started");
    if (auto ready = wait_fd(pidfd_.get(), POLLIN, ctx); !ready) return fail(ready.error());
  }
}

void Process::kill_group(int signal) const {
  // Never 0, 1 or -1: those mean our own group, init, everybody.
  if (pid_ > 1) ::kill(-pid_, signal);
}

Result<RunResult> run(SpawnOptions options, const CallContext& ctx, std::size_t max_output_bytes) {
  Capture out(max_output_bytes), err(max_output_bytes);
  auto out_end = out.open();
  if (!out_end) return fail(out_end.error());
  auto err_end = err.open();
  if (!err_end) return fail(err_end.error());
  options.stdout_fd = out_end->get();
  options.stderr_fd = err_end->get();
  if (auto live = ctx.check(); !live) return fail(live.error());
  auto process = spawn(options);
  if (!process) return fail(process.error());
  out_end->reset();
  err_end->reset();

  auto pumped = pump_until_exit(*process, out, err, ctx);
  if (!pumped) process->kill_group();
  // A killed process is gone within moments; the bound is for one stuck in the kernel.
  auto status = process->wait(with_timeout(5s));
  if (!pumped) return fail(pumped.error(), options.argv.front());
  if (!status) return fail(status.error());
  return RunResult{*status, out.take(), err.take()};
}

}  // namespace ottobot::net
