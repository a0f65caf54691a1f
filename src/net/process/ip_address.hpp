// Whether a host is named by its address.
#pragma once

#include <arpa/inet.h>

#include <array>
#include <string>

namespace ottobot::net {

// IPv4 or IPv6, without brackets.
inline bool is_ip_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  return ::inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), ignored.data()) == 1;
}

}  // namespace ottobot::net
