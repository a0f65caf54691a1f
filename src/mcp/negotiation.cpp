#include "mcp/negotiation.hpp"

#include <algorithm>

#include "mcp/legacy_era.hpp"
#include "mcp/modern_era.hpp"

namespace ottobot::mcp {

namespace {

bool has_modern(const std::vector<std::string>& versions) {
  return std::find(versions.begin(), versions.end(), kModernVersion) != versions.end();
}

bool is_modern_error(const RpcError& error) {
  return error.code == rpc_code::kUnsupportedVersion || error.code == rpc_code::kHeaderMismatch ||
         error.code == rpc_code::kMissingCapability;
}

Failure no_common_version(std::string_view method, const RpcError& error) {
  return unsupported(
      "the MCP server refused " + std::string(method) + ": " + error.message,
      "versions up to " + std::string(kLegacyVersion) + " and " + std::string(kModernVersion) + " are supported here");
}

// Errors that a legacy server's ignorance of server/discover cannot explain.
bool is_final(const Error& error) {
  return error.code == ErrorCode::unavailable || error.code == ErrorCode::unauthenticated ||
         error.code == ErrorCode::permission_denied || error.code == ErrorCode::cancelled;
}

struct Discovery {
  std::optional<Agreement> agreement;  // none: not a modern server
};

Result<RpcResult<Json>> ask(Peer& peer, const CallContext& ctx) {
  auto outcome = peer.request(Era::modern, modern::kDiscover, Json::object(), ctx);
  const bool again = outcome && !*outcome && has_modern(modern::offered_versions(outcome->error()));
  // Refused for its version while offering that very version: a server of many workers in the middle of an upgrade.
  return again ? peer.request(Era::modern, modern::kDiscover, Json::object(), ctx) : std::move(outcome);
}

Result<Discovery> discover(Peer& peer, const CallContext& ctx) {
  auto outcome = ask(peer, ctx);
  if (!outcome) {
    if (is_final(outcome.error())) return fail(outcome.error());
    return Discovery{};
  }
  if (!*outcome) {
    const RpcError& error = outcome->error();
    const auto offered = modern::offered_versions(error);
    const bool offers_legacy = std::any_of(offered.begin(), offered.end(), legacy::is_supported);
    if (is_modern_error(error) && !offers_legacy) return no_common_version(modern::kDiscover, error);
    return Discovery{};
  }
  auto result = modern::parse_discover_result(**outcome);
  if (!result || !has_modern(result->versions)) return Discovery{};
  peer.transport().set_protocol_version(std::string(kModernVersion));
  return Discovery{Agreement{Era::modern, result->server}};
}

// A server that never answers a method it does not know must leave time for the handshake.
CallContext part_of(const CallContext& ctx) {
  return ctx.deadline == SteadyTime::max() ? ctx : ctx.within(ctx.remaining() / 2);
}

}  // namespace

Result<Agreement> initialize(Peer& peer, const Implementation& client, const CallContext& ctx) {
  peer.transport().set_protocol_version({});
  auto outcome = peer.request(Era::legacy, "initialize", legacy::initialize_params(client), ctx);
  if (!outcome) return fail(outcome.error());
  if (!*outcome) return no_common_version("initialize", outcome->error());
  auto result = legacy::parse_initialize_result(**outcome);
  if (!result) return fail(result.error());
  peer.transport().set_protocol_version(result->version);
  if (auto sent = peer.notify("notifications/initialized", Json::object(), ctx); !sent) return fail(sent.error());
  return Agreement{Era::legacy, std::move(result->server)};
}

Result<Agreement> negotiate(Peer& peer, const ClientOptions& options, const CallContext& ctx) {
  if (options.era == Era::legacy) return initialize(peer, options.info, ctx);
  const bool forced = options.era == Era::modern;
  auto discovery = discover(peer, forced ? ctx : part_of(ctx));
  if (!discovery) return fail(discovery.error());
  if (discovery->agreement) return std::move(*discovery->agreement);
  if (forced) return unsupported("the MCP server does not speak protocol version " + std::string(kModernVersion));
  if (auto alive = ctx.check(); !alive) return fail(alive.error());
  return initialize(peer, options.info, ctx);
}

}  // namespace ottobot::mcp
