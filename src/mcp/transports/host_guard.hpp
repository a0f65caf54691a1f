// Protection against DNS rebinding: a browser page must not reach a local MCP server under a name of its own
// (Transports chapter, "Security Warning").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/http_types.hpp"

namespace ottobot::mcp {

// Values only; thread-safe.
class HostGuard {
 public:
  // Host names without port, beside localhost, 127.0.0.1 and [::1]; "*" admits all, for endpoints that ask for a token.
  // Origins are admitted by their host.
  explicit HostGuard(std::vector<std::string> allowed_hosts) : allowed_hosts_(std::move(allowed_hosts)) {}

  // `peer` as in net::RequestHead. Over a unix socket any Host will do; an Origin is looked at in every case.
  bool admits(const net::Headers& headers, std::string_view peer) const;

 private:
  bool is_allowed(std::string_view host) const;

  std::vector<std::string> allowed_hosts_;
};

}  // namespace ottobot::mcp
