#include "containers/local/egress.hpp"

#include <poll.h>
#include <unistd.h>

namespace ottobot::containers {
namespace {

constexpr int kReadyFd = 3;
constexpr int kExitFd = 4;

}  // namespace

std::vector<std::string> slirp_arguments(const EgressPlan& plan, int ready_fd, int exit_fd) {
  const std::string pid = std::to_string(plan.target.pid);
  std::vector<std::string> words = {plan.slirp4netns,
                                    "--configure",
                                    "--mtu=65520",
                                    "--disable-host-loopback",
                                    "--enable-sandbox",
                                    "--enable-seccomp",
                                    "--ready-fd=" + std::to_string(ready_fd),
                                    "--exit-fd=" + std::to_string(exit_fd)};
  if (plan.by_path) {
    words.insert(words.end(), {"--netns-type=path", "/proc/" + pid + "/ns/net"});
  } else {
    words.push_back(pid);
  }
  words.push_back("tap0");
  return words;
}

Result<Egress> Egress::start(const EgressPlan& plan) {
  auto ready = net::make_pipe();
  if (!ready) return fail(ready.error());
  net::SpawnOptions options;
  options.argv = slirp_arguments(plan, kReadyFd, kExitFd);
  options.env = std::map<std::string, std::string>{};
  options.cwd = "/";
  options.stdout_fd = options.stderr_fd = plan.log_fd;
  options.extra_fds = {{ready->second.get(), kReadyFd}, {plan.lifeline.get(), kExitFd}};
  options.new_session = true;
  auto child = net::spawn(options);
  if (!child) return fail(child.error());
  Egress egress;
  egress.child_ = std::move(*child);
  egress.process_ = identify(egress.child_.pid());
  egress.ready_ = std::move(ready->first);
  return egress;
}

Result<void> Egress::wait_ready(const CallContext& ctx) {
  for (;;) {
    if (auto more = ctx.check(); !more) return more;
    pollfd wait{ready_.get(), POLLIN, 0};
    if (::poll(&wait, 1, 10) <= 0) continue;
    char word = 0;
    if (::read(ready_.get(), &word, 1) == 1) return {};
    return unavailable("slirp4netns could not bring up the network");
  }
}

}  // namespace ottobot::containers
