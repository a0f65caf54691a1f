// An MCP client over any McpTransport. Thread-safe: calls run side by side.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ottobot/call_context.hpp"
#include "ottobot/mcp/types.hpp"
#include "ottobot/mcp_transport.hpp"
#include "ottobot/toolbox.hpp"

namespace ottobot::mcp {

enum class Era { automatic, legacy, modern };

struct ClientOptions {
  Implementation info{"ottobot", "0"};
  Era era = Era::automatic;  // try modern (server/discover), fall back to initialize
  std::chrono::milliseconds connect_timeout{10000};
};

struct CallOptions {
  Json meta;  // added to params._meta; null if none
  std::function<void(double progress, double total, const std::string& message)> on_progress;
};

class Client {
 public:
  // Negotiates era and version. `transport` is owned. Errors: those of McpTransport, unsupported (no common version).
  static Result<std::unique_ptr<Client>> connect(std::unique_ptr<McpTransport> transport, const ClientOptions& options,
                                                 const CallContext& ctx);
  ~Client();

  Era era() const;  // legacy or modern
  const Implementation& server_info() const;
  // All pages, in the server's order.
  Result<std::vector<Tool>> list_tools(const CallContext& ctx);
  // A result with is_error is a success here. JSON-RPC errors: invalid_argument (-32602), not_found (-32601), else
  // internal. When ctx ends, the peer is told (notifications/cancelled, or by closing the stream).
  Result<CallToolResult> call_tool(const std::string& name, const Json& args, const CallOptions& options,
                                   const CallContext& ctx);

  // Any other request ("prompts/get"); gives its result whole. Errors: as call_tool.
  Result<Json> request(const std::string& method, const Json& params, const CallContext& ctx);

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The tools of an MCP server as the hands of an agent. `client` is borrowed and must outlive the tool box. Calls carry
// _meta["ottobot/call-id"], which servers that do not know it ignore.
std::unique_ptr<ToolBox> make_toolbox(Client& client);

}  // namespace ottobot::mcp
