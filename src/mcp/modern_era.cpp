#include "mcp/modern_era.hpp"

#include "mcp/implementation.hpp"

namespace ottobot::mcp::modern {

namespace {

// The tools of a server never change, but another server may take over its address.
constexpr int kCacheTtlMs = 60000;

std::vector<std::string> strings_of(const Json* array) {
  std::vector<std::string> strings;
  if (!array || !array->is_array()) return strings;
  for (const Json& element : *array) {
    if (element.is_string()) strings.push_back(element.get<std::string>());
  }
  return strings;
}

}  // namespace

bool speaks(const Incoming& message) {
  return message.method == kDiscover || find_member(message.meta(), kProtocolVersionKey);
}

RpcResult<void> check_envelope(const Incoming& request) {
  const Json& meta = request.meta();
  const Json* version = find_member(meta, kProtocolVersionKey);
  if (!version || !version->is_string()) {
    return rpc_error(rpc_code::kInvalidParams,
                     std::string("Invalid params: _meta needs the string ") + kProtocolVersionKey);
  }
  const Json* capabilities = find_member(meta, kClientCapabilitiesKey);
  if (!capabilities || !capabilities->is_object()) {
    return rpc_error(rpc_code::kInvalidParams,
                     std::string("Invalid params: _meta needs the object ") + kClientCapabilitiesKey);
  }
  if (*version != kModernVersion) {
    return rpc_error(rpc_code::kUnsupportedVersion, "Unsupported protocol version",
                     {{"supported", {kModernVersion}}, {"requested", *version}});
  }
  return {};
}

void add_envelope(Json& params, const Implementation& client) {
  Json& meta = params["_meta"];
  meta[kProtocolVersionKey] = kModernVersion;
  meta[kClientCapabilitiesKey] = Json::object();
  meta[kClientInfoKey] = to_json(client);
}

Result<DiscoverResult> parse_discover_result(const Json& result) {
  DiscoverResult parsed;
  parsed.versions = strings_of(find_member(result, "supportedVersions"));
  if (parsed.versions.empty()) return internal_error("the MCP server's discover result names no supportedVersions");
  const Json* meta = find_member(result, "_meta");
  const Json* info = meta ? find_member(*meta, kServerInfoKey) : nullptr;
  if (info) parsed.server = implementation_from_json(*info);
  return parsed;
}

std::vector<std::string> offered_versions(const RpcError& error) {
  if (error.code != rpc_code::kUnsupportedVersion) return {};
  return strings_of(find_member(error.data, "supported"));
}

bool is_complete(const Json& result) { return get_string(result, "resultType", "complete") == "complete"; }

RpcResult<void> Era::admit(const Incoming& request, const SessionState&) const { return check_envelope(request); }

std::optional<RpcResult<Json>> Era::serve(const Incoming& request, SessionState&) const {
  if (request.method != kDiscover) return std::nullopt;
  Json result = {{"supportedVersions", {kModernVersion}},
                 {"capabilities", {{"tools", Json::object()}, {"logging", Json::object()}}}};
  if (!options_.instructions.empty()) result["instructions"] = options_.instructions;
  return RpcResult<Json>(std::move(result));
}

Json Era::client_capabilities(const Incoming& request, const SessionState&) const {
  const Json* capabilities = find_member(request.meta(), kClientCapabilitiesKey);
  return capabilities ? *capabilities : Json();
}

std::optional<LoggingLevel> Era::log_level(const Incoming& request, const SessionState&) const {
  return logging_level_of(get_string(request.meta(), kLogLevelKey));
}

void Era::complete(std::string_view method, Json& result) const {
  result["resultType"] = "complete";
  result["_meta"][kServerInfoKey] = to_json(options_.info);
  if (method == kDiscover || method == "tools/list") {
    result["ttlMs"] = kCacheTtlMs;
    result["cacheScope"] = "private";
  }
}

}  // namespace ottobot::mcp::modern
