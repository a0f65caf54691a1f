// Keeps what runs in a network namespace from addresses that are not for it: a packet filter in that namespace, which
// nobody without its CAP_NET_ADMIN can take away. A route "unreachable" alone is not enough on a real link: a socket
// that is bound to the device takes every destination for a neighbour.
//
// Speaks nf_tables over netlink (linux/netfilter/nf_tables.h), so that neither side needs a program for it.
#pragma once

#include <string>
#include <vector>

#include "containers/common/blocked_networks.hpp"
#include "ottobot/error.hpp"

namespace ottobot::containers {

struct NetworkFilter {
  std::vector<Ipv4Network> blocked;
  bool replies_pass = false;  // those of connections that come from outside, also from a blocked address
};

// The batch of messages that replaces the filter of a namespace: everything of IPv6 and everything to `blocked` is
// dropped on its way out, unless it stays within the namespace. Pure.
std::string encode_network_filter(const NetworkFilter& filter);

// Puts the filter, and routes that tell at once, into the namespace of the calling thread. Errors: unsupported (no
// nf_tables), else from errno.
Result<void> install_network_filter(const NetworkFilter& filter);

// The same in the namespace of `netns_fd`, which must not be the caller's own. Needs root. Errors: the same, and
// invalid_argument (the own one).
Result<void> install_network_filter(const NetworkFilter& filter, int netns_fd);

// "10.0.0.0/8". Errors: invalid_argument.
std::string to_string(const Ipv4Network& network);
Result<Ipv4Network> parse_ipv4_network(const std::string& text);

}  // namespace ottobot::containers
