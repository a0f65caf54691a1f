// What Streamable HTTP ties to the messages (Transports chapter of revisions 2025-11-25 and 2026-07-28): header names
// and values, statuses. Shared by the client's and the server's transport; no I/O.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mcp/jsonrpc.hpp"

namespace ottobot::mcp::http_binding {

inline constexpr const char* kSessionId = "MCP-Session-Id";
inline constexpr const char* kProtocolVersion = "MCP-Protocol-Version";
inline constexpr const char* kMethod = "Mcp-Method";
inline constexpr const char* kName = "Mcp-Name";

// `value` as a header value: as it is when it is printable ASCII without outer blanks, else "=?base64?…?=".
std::string encode_value(std::string_view value);
// The opposite; nullopt for broken base64. A value without the marks stands for itself.
std::optional<std::string> decode_value(std::string_view value);

// The headers that a modern message needs: version, method and, where the method has one, name.
std::vector<std::pair<std::string, std::string>> modern_headers(const Incoming& message);

using FindHeader = std::function<std::optional<std::string_view>(std::string_view name)>;
// Whether the headers of a modern request say what its body says. Error: kHeaderMismatch.
RpcResult<void> check_modern_headers(const Incoming& request, const FindHeader& find);

// HTTP status of a modern response.
int modern_status(const Json& response);

}  // namespace ottobot::mcp::http_binding
