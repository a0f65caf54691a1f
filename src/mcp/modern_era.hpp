// The modern era: revision 2026-07-28, stateless; every request carries its protocol version and client in
// params._meta.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mcp/server_era.hpp"
#include "ottobot/mcp/server.hpp"
#include "ottobot/mcp/types.hpp"

namespace ottobot::mcp::modern {

inline constexpr const char* kProtocolVersionKey = "io.modelcontextprotocol/protocolVersion";
inline constexpr const char* kClientCapabilitiesKey = "io.modelcontextprotocol/clientCapabilities";
inline constexpr const char* kClientInfoKey = "io.modelcontextprotocol/clientInfo";
inline constexpr const char* kLogLevelKey = "io.modelcontextprotocol/logLevel";
inline constexpr const char* kServerInfoKey = "io.modelcontextprotocol/serverInfo";
inline constexpr std::string_view kDiscover = "server/discover";

// Whether a message by itself says that it is of this era.
bool speaks(const Incoming& message);
// The members of _meta that every request must have, and the version: kInvalidParams, kUnsupportedVersion.
RpcResult<void> check_envelope(const Incoming& request);

// Client side: the mandatory members of _meta.
void add_envelope(Json& params, const Implementation& client);
struct DiscoverResult {
  std::vector<std::string> versions;
  Implementation server;
};
// Errors: internal.
Result<DiscoverResult> parse_discover_result(const Json& result);
// Versions that an "unsupported version" error offers instead; empty for any other error.
std::vector<std::string> offered_versions(const RpcError& error);
// False for a result that asks for input instead of being the answer.
bool is_complete(const Json& result);

// Server side: server/discover. `options` is borrowed.
class Era final : public ServerEra {
 public:
  explicit Era(const ServerOptions& options) : options_(options) {}
  RpcResult<void> admit(const Incoming& request, const SessionState& session) const override;
  std::optional<RpcResult<Json>> serve(const Incoming& request, SessionState& session) const override;
  Json client_capabilities(const Incoming& request, const SessionState& session) const override;
  std::optional<LoggingLevel> log_level(const Incoming& request, const SessionState& session) const override;
  void complete(std::string_view method, Json& result) const override;

 private:
  const ServerOptions& options_;
};

}  // namespace ottobot::mcp::modern
