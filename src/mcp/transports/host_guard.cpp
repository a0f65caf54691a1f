#include "mcp/transports/host_guard.hpp"

#include <algorithm>
#include <array>

namespace ottobot::mcp {

namespace {

// "localhost:80" → "localhost", "[::1]:80" → "[::1]".
std::string_view without_port(std::string_view authority) {
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    return end == std::string_view::npos ? std::string_view() : authority.substr(0, end + 1);
  }
  return authority.substr(0, authority.find(':'));
}

// Empty for an origin that has no host, such as "null".
std::string_view host_of_origin(std::string_view origin) {
  const auto scheme_end = origin.find("://");
  return scheme_end == std::string_view::npos ? std::string_view() : without_port(origin.substr(scheme_end + 3));
}

}  // namespace

bool HostGuard::admits(const net::Headers& headers, std::string_view peer) const {
  const auto origin = headers.find("Origin");
  if (origin && !is_allowed(host_of_origin(*origin))) return false;
  if (peer.starts_with("unix:")) return true;
  const auto host = headers.find("Host");
  return host && is_allowed(without_port(*host));
}

bool HostGuard::is_allowed(std::string_view host) const {
  constexpr std::array<std::string_view, 3> kLocal{"localhost", "127.0.0.1", "[::1]"};
  const auto same = [host](std::string_view allowed) {
    return allowed == "*" || net::equals_ignore_case(host, allowed);
  };
  return std::any_of(kLocal.begin(), kLocal.end(), same) ||
         std::any_of(allowed_hosts_.begin(), allowed_hosts_.end(), same);
}

}  // namespace ottobot::mcp
