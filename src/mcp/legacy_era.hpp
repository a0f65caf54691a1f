// The legacy era: revisions up to 2025-11-25, with the initialize handshake and sessions (Lifecycle chapter).
#pragma once

#include <string>
#include <string_view>

#include "mcp/server_era.hpp"
#include "ottobot/mcp/server.hpp"
#include "ottobot/mcp/types.hpp"

namespace ottobot::mcp::legacy {

// What HTTP peers speak that send no MCP-Protocol-Version.
inline constexpr std::string_view kAssumedVersion = "2025-03-26";

bool is_supported(std::string_view version);

// Client side.
Json initialize_params(const Implementation& info);
struct InitializeResult {
  std::string version;
  Implementation server;
};
// Errors: unsupported (a version that we do not speak), internal.
Result<InitializeResult> parse_initialize_result(const Json& result);

// Server side: initialize, ping, logging/setLevel. `options` is borrowed.
class Era final : public ServerEra {
 public:
  explicit Era(const ServerOptions& options) : options_(options) {}
  RpcResult<void> admit(const Incoming& request, const SessionState& session) const override;
  std::optional<RpcResult<Json>> serve(const Incoming& request, SessionState& session) const override;
  Json client_capabilities(const Incoming& request, const SessionState& session) const override;
  std::optional<LoggingLevel> log_level(const Incoming& request, const SessionState& session) const override;
  void complete(std::string_view method, Json& result) const override;

 private:
  RpcResult<Json> initialize(const Incoming& request, SessionState& session) const;
  static RpcResult<Json> set_log_level(const Incoming& request, SessionState& session);

  const ServerOptions& options_;
};

}  // namespace ottobot::mcp::legacy
