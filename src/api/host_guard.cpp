#include "api/host_guard.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace ottobot::api {
namespace {

std::string_view without_brackets(std::string_view host) {
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

bool same_host(std::string_view a, std::string_view b) {
  return !a.empty() && net::equals_ignore_case(without_brackets(a), without_brackets(b));
}

bool has_no_dot(std::string_view host) {
  return host.find_first_of(".:[") == std::string_view::npos;  // nor is it an IPv6 address
}

}  // namespace

std::string_view authority_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  const std::string_view rest = url.substr(scheme + 3);
  return rest.substr(0, rest.find('/'));
}

std::string_view host_of(std::string_view authority) {
  // The port is what follows the last colon outside of an IPv6 address's brackets.
  const std::size_t bracket = authority.rfind(']');
  return authority.substr(0, authority.find(':', bracket == std::string_view::npos ? 0 : bracket));
}

bool is_loopback_host(std::string_view host) {
  const std::string name(without_brackets(host));
  in_addr address{};
  if (::inet_pton(AF_INET, name.c_str(), &address) == 1) return name.starts_with("127.");
  return name == "::1" || net::equals_ignore_case(name, "localhost");
}

bool is_for_this_machine(std::string_view listen_host, std::string_view public_url) {
  return is_loopback_host(listen_host) || is_loopback_host(host_of(authority_of(public_url)));
}

Result<void> HostGuard::check_host(const net::RequestHead& head) const {
  const auto field = head.headers.find("Host");
  if (!field || field->empty()) return {};  // no browser leaves it out
  const std::string_view host = host_of(*field);
  if (is_loopback_host(host) || has_no_dot(host)) return {};
  if (same_host(host, options_.host) || same_host(host, host_of(authority_of(options_.public_url)))) return {};
  return permission_denied("this server does not go by that name (Host)",
                           "use http://localhost, or set PUBLIC_URL to the address that users reach it by");
}

Result<void> HostGuard::check_origin(const net::RequestHead& head) const {
  const auto origin = head.headers.find("Origin");
  const bool foreign = origin ? !is_own_page(head, *origin) : head.headers.find("Sec-Fetch-Site") == "cross-site";
  if (!foreign) return {};
  return permission_denied("pages of this origin may not change anything here",
                           "add the page's origin to CORS_ORIGINS, or send an API key");
}

bool HostGuard::is_own_page(const net::RequestHead& head, std::string_view origin) const {
  const std::string_view authority = authority_of(origin);
  if (!authority.empty() && net::equals_ignore_case(authority, head.headers.find("Host").value_or(""))) return true;
  if (!authority.empty() && net::equals_ignore_case(authority, authority_of(options_.public_url))) return true;
  if (options_.loopback_pages && is_loopback_host(host_of(authority))) return true;
  return std::any_of(options_.cors_origins.begin(), options_.cors_origins.end(),
                     [&](const std::string& allowed) { return allowed == "*" || allowed == origin; });
}

}  // namespace ottobot::api
