// What the MCP tests share: raw messages of both eras, and a server to send them to.
#pragma once

#include <vector>

#include "mcp/jsonrpc.hpp"
#include "mcp/modern_era.hpp"
#include "mcp/server_session.hpp"
#include "ottobot/mcp/server.hpp"

namespace ottobot::mcp::test {

class CollectingSink final : public McpMessageSink {
 public:
  void on_message(const Json& message) override { messages.push_back(message); }
  std::vector<Json> messages;
};

inline Json modern_request(const Json& id, std::string_view method, Json params = Json::object()) {
  modern::add_envelope(params, {"test", "1"});
  return make_request(id, method, std::move(params));
}

inline Json initialize_request(const Json& id, std::string_view version = kLegacyVersion) {
  return make_request(id, "initialize",
                      {{"protocolVersion", version},
                       {"capabilities", Json::object()},
                       {"clientInfo", {{"name", "test"}, {"version", "1"}}}});
}

inline Tool named_tool(std::string name, Json input_schema = {{"type", "object"}}) {
  Tool tool;
  tool.name = std::move(name);
  tool.input_schema = std::move(input_schema);
  return tool;
}

inline Result<CallToolResult> echo_handler(ToolCall& call, const CallContext&) {
  return text_result(get_string(call.args(), "text", "nothing"));
}

inline const Json kEchoSchema = {{"type", "object"}, {"properties", {{"text", {{"type", "string"}}}}}};

}  // namespace ottobot::mcp::test
