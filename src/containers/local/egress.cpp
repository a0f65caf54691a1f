#include "containers/local/egress.hpp"

#include <poll.h>
#include <unistd.h>

namespace ottobot::containers {
namespace {

constexpr int kReadyFd = 3;
constexpr int kExitFd = 4;
constexpr int kNetworkFd = 5;

}  // namespace

std::vector<std::string> slirp_arguments(const EgressPlan& plan) {
  std::vector<std::string> words = {plan.slirp4netns,
                                    "--configure",
                                    "--mtu=65520",
                                    "--disable-host-loopback",
                                    "--enable-sandbox",
                                    "--enable-seccomp",
                                    "--ready-fd=" + std::to_string(kReadyFd),
                                    "--exit-fd=" + std::to_string(kExitFd)};
  if (plan.network_fd >= 0) {
    words.insert(words.end(), {"--netns-type=path", "/proc/self/fd/" + std::to_string(kNetworkFd)});
  } else {
    words.push_back(std::to_string(plan.target.pid));
  }
  words.push_back("tap0");
  return words;
}

Result<Egress> Egress::start(const EgressPlan& plan) {
  auto ready = net::make_pipe();
  if (!ready) return fail(ready.error());
  net::SpawnOptions options;
  options.argv = slirp_arguments(plan);
  options.env = std::map<std::string, std::string>{};
  options.cwd = "/";
  options.stdout_fd = options.stderr_fd = plan.log_fd;
  options.extra_fds = {{ready->second.get(), kReadyFd}, {plan.lifeline.get(), kExitFd}};
  if (plan.network_fd >= 0) options.extra_fds.emplace_back(plan.network_fd, kNetworkFd);
  options.new_session = true;
  options.join_cgroups = plan.join_cgroups;
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
