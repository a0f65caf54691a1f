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
  if (request.method == "initialize") return initialize(request, session);
  if (request.method == "logging/setLevel") return set_log_level(request, session);
  return std::nullopt;
}

RpcResult<Json> Era::initialize(const Incoming& request, SessionState& session) const {
  const std::string requested = get_string(*request.params, "protocolVersion");
  if (requested.empty()) {
    return rpc_error(rpc_code::kInvalidParams, "Invalid params: protocolVersion must be a string");
  }
  if (const Json* capabilities = find_member(*request.params, "capabilities")) {
    session.set_client_capabilities(*capabilities);
  }
  session.initialized = true;
  Json result = {{"protocolVersion", is_supported(requested) ? std::string_view(requested) : kLegacyVersion},
                 {"capabilities", {{"tools", Json::object()}, {"logging", Json::object()}}},
                 {"serverInfo", to_json(options_.info)}};
  if (!options_.instructions.empty()) result["instructions"] = options_.instructions;
  return result;
}

RpcResult<Json> Era::set_log_level(const Incoming& request, SessionState& session) {
  const auto level = logging_level_of(get_string(*request.params, "level"));
  if (!level) return rpc_error(rpc_code::kInvalidParams, "Invalid params: level must be debug, info, notice, …");
  session.log_level = *level;
  return Json::object();
}

Json Era::client_capabilities(const Incoming&, const SessionState& session) const {
  return session.client_capabilities();
}

std::optional<LoggingLevel> Era::log_level(const Incoming&, const SessionState& session) const {
  return session.log_level.load();
}

void Era::complete(std::string_view, Json& result) const {
  // Only the modern era's structuredContent may be any JSON value.
  const Json* structured = find_member(result, "structuredContent");
  if (structured && !structured->is_object()) result.erase("structuredContent");
}

}  // namespace ottobot::mcp::legacy
