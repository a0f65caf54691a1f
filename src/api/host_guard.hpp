// HostGuard: keeps pages of foreign sites in the user's browser away from a server that asks for no credentials.
//
// A page can be made to call this machine under a name of its own (DNS rebinding): that shows in Host. And it can send
// what changes something without being allowed to read the answer: that shows in Origin. Immutable: thread-safe.
#pragma once

#include <string>
#include <vector>

#include "net/server/http_server.hpp"

namespace ottobot::api {

struct HostGuardOptions {
  std::string host;                       // where the server listens
  std::string public_url;                 // empty = none
  std::vector<std::string> cors_origins;  // "*" = any
  bool loopback_pages = false;            // pages of this machine, of any port, may use it
};

class HostGuard {
 public:
  explicit HostGuard(HostGuardOptions options) : options_(std::move(options)) {}

  // Whether it is sent to a name of this machine: localhost, a loopback address, what is configured, or one without a
  // dot, which nobody can register. Errors: permission_denied.
  Result<void> check_host(const net::RequestHead& head) const;
  // Whether it comes from a program, or from a page that may change something here. Errors: permission_denied.
  Result<void> check_origin(const net::RequestHead& head) const;

 private:
  bool is_own_page(const net::RequestHead& head, std::string_view origin) const;

  const HostGuardOptions options_;
};

// "host:port" of "scheme://host:port/path"; empty for what has no scheme.
std::string_view authority_of(std::string_view url);
// "host" of "host:port"; brackets of IPv6 stay.
std::string_view host_of(std::string_view authority);

// Whether `host` (an address may be in brackets) can only be this machine.
bool is_loopback_host(std::string_view host);

// Whether a server is for users of this machine alone: it listens on loopback, or that is how its `public_url` says
// that it is reached, as with a proxy on this machine before a server in a container.
bool is_for_this_machine(std::string_view listen_host, std::string_view public_url);

}  // namespace ottobot::api
