// The MCP transports of the library: client side as McpTransport, and an in-process pair.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ottobot/container_backend.hpp"
#include "ottobot/mcp/server.hpp"
#include "ottobot/mcp_transport.hpp"

namespace ottobot::mcp {

struct HttpTransportOptions {
  Endpoint endpoint;  // TCP or unix socket; its token goes into Authorization
  std::string path = "/mcp";
};
// Streamable HTTP, both eras. Owns its connections. Errors: invalid_argument (URL).
Result<std::unique_ptr<McpTransport>> make_http_transport(const HttpTransportOptions& options);

struct StdioTransportOptions {
  std::vector<std::string> argv;                          // argv[0] is looked up in PATH
  std::optional<std::map<std::string, std::string>> env;  // nullopt = ours, with everything that is in it
  std::string cwd;                                        // empty = ours
  int stderr_fd = -1;                                     // borrowed until the call returns; -1 = /dev/null
  std::chrono::milliseconds exit_timeout{2000};           // close(): from the end of its input until SIGTERM
};
// Starts an MCP server as a child process and speaks with it over its standard input and output, both eras. The child
// ends with the transport: end of input, then SIGTERM, then SIGKILL to its process group. Errors: those of starting it
// (not_found, permission_denied, invalid_argument, resource_exhausted).
Result<std::unique_ptr<McpTransport>> make_stdio_transport(const StdioTransportOptions& options);

// Calls `server` directly, on the caller's thread. `server` is borrowed and must outlive the transport.
std::unique_ptr<McpTransport> make_in_process_transport(Server& server);

}  // namespace ottobot::mcp
