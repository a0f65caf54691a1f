#include "containers/common/blocked_networks.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace ottobot::containers {
namespace {

constexpr std::uint32_t kLoopback = 127;

struct RouteRequest {
  nlmsghdr head;
  rtmsg route;
  rtattr attribute;
  std::uint32_t destination;
};

struct RouteAnswer {
  nlmsghdr head;
  nlmsgerr error;
};

RouteRequest unreachable(const Ipv4Network& network) {
  RouteRequest request{};
  request.head.nlmsg_len = sizeof request;
  request.head.nlmsg_type = RTM_NEWROUTE;
  request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
  request.route.rtm_family = AF_INET;
  request.route.rtm_dst_len = network.prefix_length;
  request.route.rtm_table = RT_TABLE_MAIN;
  request.route.rtm_protocol = RTPROT_STATIC;
  request.route.rtm_scope = RT_SCOPE_UNIVERSE;
  request.route.rtm_type = RTN_UNREACHABLE;
  request.attribute.rta_type = RTA_DST;
  request.attribute.rta_len = RTA_LENGTH(sizeof request.destination);
  request.destination = network.address;
  return request;
}

// The kernel answers before send() returns.
bool add_route(int netlink, const Ipv4Network& network) {
  const RouteRequest request = unreachable(network);
  if (::send(netlink, &request, sizeof request, 0) != static_cast<ssize_t>(sizeof request)) return false;
  RouteAnswer answer{};
  if (::recv(netlink, &answer, sizeof answer, MSG_DONTWAIT | MSG_TRUNC) < static_cast<ssize_t>(sizeof answer.head)) {
    return false;
  }
  errno = -answer.error.error;
  return answer.error.error == 0 || errno == EEXIST;
}

}  // namespace

std::vector<Ipv4Network> own_addresses() {
  std::vector<Ipv4Network> networks;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return networks;
  for (const ifaddrs* entry = all; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET) continue;
    const std::uint32_t address = reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr.s_addr;
    if (ntohl(address) >> 24 != kLoopback) networks.push_back({address, 32});
  }
  ::freeifaddrs(all);
  return networks;
}

std::vector<Ipv4Network> blocked_networks(bool with_own) {
  std::vector<Ipv4Network> networks = {
      {::inet_addr("169.254.0.0"), 16},      // link-local: the metadata of most clouds
      {::inet_addr("100.100.100.200"), 32},  // Alibaba Cloud's
      {::inet_addr("168.63.129.16"), 32},    // Azure's host agent
  };
  if (!with_own) return networks;
  const auto own = own_addresses();
  networks.insert(networks.end(), own.begin(), own.end());
  return networks;
}

bool block_networks(const std::vector<Ipv4Network>& networks) {
  const int netlink = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (netlink < 0) return false;
  bool all = true;
  for (const Ipv4Network& network : networks) all = all && add_route(netlink, network);
  const int error = errno;
  ::close(netlink);
  errno = error;
  return all;
}

}  // namespace ottobot::containers
