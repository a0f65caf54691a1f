#include "mcp/legacy_era.hpp"

#include <algorithm>
#include <array>

#include "mcp/implementation.hpp"

namespace ottobot::mcp::legacy {

namespace {

constexpr std::array<std::string_view, 5> kVersions{kLegacyVersion, "2025-06-18", kAssumedVersion, "2024-11-05",
                                                    "2024-10-07"};

}  // namespace

bool is_supported(std::string_view version) {
  return std::find(kVersions.begin(), kVersions.end(), version) != kVersions.end();
}

Json initialize_params(const Implementation& info) {
  return {{"protocolVersion", kLegacyVersion}, {"capabilities", Json::object()}, {"clientInfo", to_json(info)}};
}

Result<InitializeResult> parse_initialize_result(const Json& result) {
  InitializeResult parsed;
  parsed.version = get_string(result, "protocolVersion");
  if (parsed.version.empty()) return internal_error("the MCP server's initialize result names no protocolVersion");
  if (!is_supported(parsed.version)) {
    return unsupported("the MCP server speaks only protocol version " + parsed.version,
                       "versions up to " + std::string(kLegacyVersion) + " and " + std::string(kModernVersion) +
                           " are supported here");
  }
  if (const Json* info = find_member(result, "serverInfo")) parsed.server = implementation_from_json(*info);
  return parsed;
}

RpcResult<void> Era::admit(const Incoming& request, const SessionState& session) const {
  if (session.initialized || request.method == "initialize" || request.method == "ping") return {};
  return rpc_error(rpc_code::kInvalidRequest, "Invalid Request: send initialize first");
}

std::optional<RpcResult<Json>> Era::serve(const Incoming& request, SessionState& session) const {
  if (request.method == "ping") return RpcResult<Json>(Json::object());
  if (request.method != "initialize") return std::nullopt;
  const std::string requested = get_string(*request.params, "protocolVersion");
  if (requested.empty()) {
    return RpcResult<Json>(rpc_error(rpc_code::kInvalidParams, "Invalid params: protocolVersion must be a string"));
  }
  session.initialized = true;
  Json result = {{"protocolVersion", is_supported(requested) ? std::string_view(requested) : kLegacyVersion},
                 {"capabilities", {{"tools", Json::object()}}},
                 {"serverInfo", to_json(options_.info)}};
  if (!options_.instructions.empty()) result["instructions"] = options_.instructions;
  return RpcResult<Json>(std::move(result));
}

void Era::complete(std::string_view, Json& result) const {
  // Only the modern era's structuredContent may be any JSON value.
  const Json* structured = find_member(result, "structuredContent");
  if (structured && !structured->is_object()) result.erase("structuredContent");
}

}  // namespace ottobot::mcp::legacy
