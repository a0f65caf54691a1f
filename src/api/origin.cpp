#include "api/origin.hpp"

namespace ottobot::api {
namespace {

// "host" of "scheme://host:port"; brackets of IPv6 stay.
std::string_view host_of(std::string_view origin) {
  const std::size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos) return {};
  const std::string_view authority = origin.substr(scheme + 3);
  // The port is what follows the last colon outside of an IPv6 address's brackets.
  const std::size_t bracket = authority.rfind(']');
  return authority.substr(0, authority.find(':', bracket == std::string_view::npos ? 0 : bracket));
}

}  // namespace

Result<void> check_loopback_origin(const net::RequestHead& head) {
  const auto origin = head.headers.find("Origin");
  if (!origin) return {};
  const std::string_view host = host_of(*origin);
  if (host == "localhost" || host == "127.0.0.1" || host == "[::1]") return {};
  return permission_denied("this origin may not use the session's port",
                           "open the session's page by http://localhost or http://127.0.0.1");
}

}  // namespace ottobot::api
