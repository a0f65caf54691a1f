// The MCP transports of the library: client side as McpTransport, and an in-process pair.
#pragma once

#include <memory>
#include <string>

#include "ottobot/container_backend.hpp"
#include "ottobot/mcp/server.hpp"
#include "ottobot/mcp_transport.hpp"

namespace ottobot::mcp {

struct HttpTransportOptions {
  Endpoint endpoint;          // TCP or unix socket; its token goes into Authorization
  std::string path = "/mcp";
};
// Streamable HTTP, both eras. Owns its connections. Errors: invalid_argument (URL).
Result<std::unique_ptr<McpTransport>> make_http_transport(const HttpTransportOptions& options);

// Calls `server` directly, on the caller's thread. `server` is borrowed and must outlive the transport.
std::unique_ptr<McpTransport> make_in_process_transport(Server& server);

}  // namespace ottobot::mcp
