#include "containers/local/network_namespace.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <thread>

namespace ottobot::containers {
namespace {

// The kernel gives the interface 127.0.0.1 and ::1 when it comes up.
Result<void> bring_up_loopback() {
  const net::UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return errno_error("cannot open a socket in a new network namespace", errno);
  ifreq request{{"lo"}, {}};
  request.ifr_flags = IFF_UP;
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) return errno_error("cannot bring up loopback", errno);
  return {};
}

Result<net::UniqueFd> make_here(const std::vector<Ipv4Network>& blocked) {
  if (::unshare(CLONE_NEWNET) != 0) return errno_error("cannot make a network namespace", errno);
  net::UniqueFd made(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!made) return errno_error("cannot open a new network namespace", errno);
  if (auto up = bring_up_loopback(); !up) return fail(up.error());
  if (!block_networks(blocked)) return errno_error("cannot block addresses in a new network namespace", errno);
  return made;
}

}  // namespace

Result<net::UniqueFd> make_network_namespace(const std::vector<Ipv4Network>& blocked) try {
  Result<net::UniqueFd> made;
  // A thread of its own: the caller's stays in the namespace that it is in.
  std::thread([&] { made = make_here(blocked); }).join();
  return made;
} catch (const std::system_error& error) {
  return resource_exhausted(std::string("no thread to make a network namespace: ") + error.what());
}

}  // namespace ottobot::containers
