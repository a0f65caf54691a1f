#include "containers/local/launcher.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>

#include "containers/local/launcher_child.hpp"
#include "containers/local/seccomp_filter.hpp"
#include "net/process/blocked_signals.hpp"
#include "ottobot/json.hpp"

namespace ottobot::containers {
namespace {

using net::UniqueFd;

// Moves a descriptor out of the way of those that bubblewrap will see.
Result<UniqueFd> raised(UniqueFd fd) {
  if (fd.get() >= kFirstFreeFd) return fd;
  UniqueFd copy(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kFirstFreeFd));
  if (!copy) return errno_error("cannot copy a descriptor", errno);
  return copy;
}

struct Pipe {
  UniqueFd read, write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_error("cannot make a pipe", errno);
  auto read = raised(UniqueFd(ends[0]));
  auto write = raised(UniqueFd(ends[1]));
  if (!read) return fail(read.error());
  if (!write) return fail(write.error());
  return Pipe{std::move(*read), std::move(*write)};
}

// Not a pipe: writing to a child that is gone must not raise SIGPIPE.
Result<Pipe> make_gate() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return errno_error("cannot make a gate", errno);
  auto read = raised(UniqueFd(ends[0]));
  auto write = raised(UniqueFd(ends[1]));
  if (!read) return fail(read.error());
  if (!write) return fail(write.error());
  return Pipe{std::move(*read), std::move(*write)};
}

// bubblewrap's --args: words that each end in NUL.
Result<UniqueFd> make_args_file(const std::vector<std::string>& words) {
  UniqueFd file(::memfd_create("ottobot-bwrap-args", MFD_CLOEXEC));
  if (!file) return errno_error("cannot make an anonymous file", errno);
  std::string text;
  for (const auto& word : words) text.append(word).push_back('\0');
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::lseek(file.get(), 0, SEEK_SET) != 0) {
    return errno_error("cannot write bubblewrap's arguments", errno);
  }
  return raised(std::move(file));
}

// bubblewrap as another uid cannot pass folders of ours that are 0700: it gets them at a place that it can.
std::vector<StagedPath> stage_sources(BwrapPlan& plan) {
  std::vector<StagedPath> staged;
  const auto stage = [&](std::string& source, const char* name, bool is_folder) {
    if (source.empty()) return;
    const std::string place = std::string(kStage) + "/" + name;
    staged.push_back({source, place, is_folder});
    source = place;
  };
  stage(plan.workspace, "workspace", true);
  stage(plan.run_dir, "run", true);
  stage(plan.etc_dir, "etc", true);
  stage(plan.sandboxd, "sandboxd", false);
  return staged;
}

// Reads until the other side closes or `complete` says that this was all.
template <class Complete>
Result<std::string> read_pipe(int fd, const CallContext& ctx, Complete&& complete) {
  std::string text;
  while (!complete(text)) {
    if (auto more = ctx.check(); !more) return fail(more.error());
    pollfd wait{fd, POLLIN, 0};
    // In slices, so that a stop token is noticed.
    const auto slice = std::min<std::chrono::milliseconds>(ctx.remaining(), std::chrono::milliseconds(20));
    if (::poll(&wait, 1, static_cast<int>(slice.count()) + 1) <= 0) continue;
    char buffer[1024];
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("cannot read from the launching child", errno);
    if (got == 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

// A child waits at its gate with copies of all gates that were open when it was forked. Were two of them to hold each
// other's, neither would see that the program was killed. One after the other, each holds those of earlier ones only.
std::mutex& one_start_at_a_time() {
  static std::mutex mutex;  // held from making a gate until its child is forked
  return mutex;
}

}  // namespace

Result<PendingSandbox> PendingSandbox::start(LauncherPlan plan) {
  const std::lock_guard starting(one_start_at_a_time());
  std::vector<StagedPath> staged;
  if (plan.uid) staged = stage_sources(plan.sandbox);
  plan.sandbox.info_fd = kInfoFd;
  plan.sandbox.seccomp_fd = kSeccompFd;
  auto gate = plan.waits_for_release ? make_gate() : Result<Pipe>(Pipe{});
  auto status = make_pipe();
  auto info = make_pipe();
  auto args = make_args_file(bwrap_arguments(plan.sandbox));
  auto seccomp = make_seccomp_filter();
  auto dev_null = raised(UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  auto log = raised(UniqueFd(::fcntl(plan.log_fd, F_DUPFD_CLOEXEC, kFirstFreeFd)));
  Result<UniqueFd> lifeline;
  if (plan.lifeline_fd >= 0) lifeline = raised(UniqueFd(::fcntl(plan.lifeline_fd, F_DUPFD_CLOEXEC, kFirstFreeFd)));
  for (const auto* pipe : {&gate, &status, &info}) {
    if (!*pipe) return fail(pipe->error());
  }
  if (seccomp) seccomp = raised(std::move(*seccomp));
  for (const auto* fd : {&args, &seccomp, &dev_null, &log, &lifeline}) {
    if (!*fd) return fail(fd->error());
  }

  const LauncherChild child(plan, std::move(staged),
                            {dev_null->get(), log->get(), gate->read.get(), status->write.get(), info->write.get(),
                             info->read.get(), seccomp->get(), args->get(), lifeline->get()});
  const int gate_write = gate->write.get();
  pid_t pid = -1;
  {
    const net::BlockedSignals blocked;
    // NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.vfork): the child does what one of fork may do
    pid = plan.waits_for_release ? ::fork() : ::vfork();
    if (pid == 0) {
      // Its own copy would keep it from seeing that the parent is gone.
      if (gate_write >= 0) ::close(gate_write);  // NOLINT(clang-analyzer-unix.Vfork)
      child.run();
    }
  }
  if (pid < 0) return errno_error("cannot fork", errno);
  PendingSandbox pending;
  pending.supervisor_ = identify(pid);
  pending.gate_ = std::move(gate->write);
  pending.status_ = std::move(status->read);
  pending.info_ = std::move(info->read);
  return pending;
}

Result<void> PendingSandbox::release() {
  if (!gate_ || ::send(gate_.get(), "g", 1, MSG_NOSIGNAL) == 1) return {};
  return unavailable("the child that starts bubblewrap is gone");
}

Result<ProcessIdentity> PendingSandbox::await_init(const CallContext& ctx) {
  const auto failure_text = read_pipe(status_.get(), ctx, [](const std::string&) { return false; });
  if (!failure_text) return fail(failure_text.error(), "starting bubblewrap");
  if (failure_text->size() >= sizeof(LaunchFailure)) {
    LaunchFailure failure;
    failure_text->copy(reinterpret_cast<char*>(&failure), sizeof failure);
    const auto error = errno_error("", failure.errno_value).value();
    return unavailable(std::string("cannot ") + to_string(failure.stage) + error.message);
  }
  const auto info =
      read_pipe(info_.get(), ctx, [](const std::string& text) { return text.find('}') != std::string::npos; });
  if (!info) return fail(info.error(), "waiting for bubblewrap");
  const auto json = parse_json(*info);
  const auto init = json ? identify(static_cast<pid_t>(get_int(*json, "child-pid"))) : ProcessIdentity{};
  if (!init) return unavailable("bubblewrap could not make the sandbox");
  return init;
}

}  // namespace ottobot::containers
