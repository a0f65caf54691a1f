// URLs as libcurl reads them. Private to net/client.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ottobot::net {

struct UrlParts {
  std::string scheme, host;  // an IPv6 address in brackets
  std::string port;          // the scheme's own when none is given
  std::string target;        // path and query
  bool default_port = true;  // none was given
};

// nullopt when it is none.
std::optional<UrlParts> parse_url(const std::string& url);
// Of a URL's host: proxies are not asked for it.
bool is_loopback(std::string_view host);

}  // namespace ottobot::net
