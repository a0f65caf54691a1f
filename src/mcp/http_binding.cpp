#include "mcp/http_binding.hpp"

#include <algorithm>

#include "mcp/base64.hpp"
#include "mcp/modern_era.hpp"

namespace ottobot::mcp::http_binding {

namespace {

constexpr std::string_view kPrefix = "=?base64?";
constexpr std::string_view kSuffix = "?=";

bool is_marked(std::string_view value) {
  return value.size() >= kPrefix.size() + kSuffix.size() && value.starts_with(kPrefix) && value.ends_with(kSuffix);
}

bool is_plain(std::string_view value) {
  const bool printable = std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  return printable && !value.starts_with(' ') && !value.ends_with(' ') && !is_marked(value);
}

// The member of params whose value Mcp-Name repeats; nullptr where the method has none.
const Json* name_of(const Incoming& message) {
  if (message.method == "tools/call" || message.method == "prompts/get") return find_member(*message.params, "name");
  if (message.method == "resources/read") return find_member(*message.params, "uri");
  return nullptr;
}

std::string version_of(const Incoming& message) { return get_string(message.meta(), modern::kProtocolVersionKey); }

RpcResult<void> expect(const FindHeader& find, const char* header, std::string_view body_value) {
  const auto value = find(header);
  if (!value) return rpc_error(rpc_code::kHeaderMismatch, std::string("Header mismatch: no ") + header + " header");
  const auto decoded = decode_value(*value);
  if (decoded && *decoded == body_value) return {};
  return rpc_error(rpc_code::kHeaderMismatch,
                   std::string("Header mismatch: the ") + header + " header differs from the body");
}

}  // namespace

std::string encode_value(std::string_view value) {
  if (is_plain(value)) return std::string(value);
  return std::string(kPrefix) + encode_base64(value) + std::string(kSuffix);
}

std::optional<std::string> decode_value(std::string_view value) {
  if (!is_marked(value)) return std::string(value);
  value.remove_prefix(kPrefix.size());
  value.remove_suffix(kSuffix.size());
  return decode_base64(value);
}

std::vector<std::pair<std::string, std::string>> modern_headers(const Incoming& message) {
  std::vector<std::pair<std::string, std::string>> headers{{kProtocolVersion, version_of(message)},
                                                           {kMethod, encode_value(message.method)}};
  const Json* name = name_of(message);
  if (name && name->is_string()) headers.emplace_back(kName, encode_value(name->get_ref<const std::string&>()));
  return headers;
}

RpcResult<void> check_modern_headers(const Incoming& request, const FindHeader& find) {
  if (auto version = expect(find, kProtocolVersion, version_of(request)); !version) return version;
  if (auto method = expect(find, kMethod, request.method); !method) return method;
  const Json* name = name_of(request);
  if (!name || !name->is_string()) return {};
  return expect(find, kName, name->get_ref<const std::string&>());
}

int modern_status(const Json& response) {
  const Json* error = find_member(response, "error");
  if (!error) return 200;
  switch (get_int(*error, "code")) {
    case rpc_code::kMethodNotFound:
      return 404;
    case rpc_code::kParseError:
    case rpc_code::kInvalidRequest:
    case rpc_code::kHeaderMismatch:
    case rpc_code::kMissingCapability:
    case rpc_code::kUnsupportedVersion:
      return 400;
    default:
      return 200;
  }
}

}  // namespace ottobot::mcp::http_binding
