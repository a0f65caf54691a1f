// Addresses that a sandbox with a network must not reach: those at which clouds hand out their machine's credentials,
// and, when asked, this host's own. A route "unreachable" in the sandbox's network namespace keeps them out of reach;
// nobody inside has the capability to remove it.
#pragma once

#include <cstdint>
#include <vector>

namespace ottobot::containers {

struct Ipv4Network {
  std::uint32_t address = 0;  // in network order
  unsigned char prefix_length = 32;
};

// IPv4 is all that slirp4netns forwards. `with_own` adds the addresses that this host has now, but for loopback.
std::vector<Ipv4Network> blocked_networks(bool with_own);

// The addresses that the network namespace of the calling process has now, but for loopback.
std::vector<Ipv4Network> own_addresses();

// In the network namespace of the calling thread, which needs CAP_NET_ADMIN there. False: errno says why. Makes
// async-signal-safe calls only.
bool block_networks(const std::vector<Ipv4Network>& networks);

}  // namespace ottobot::containers
