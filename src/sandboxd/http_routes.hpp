// The HTTP side of the sandbox: who may call, and which handler answers.
//
// Handlers run on the server's pool threads, several at once; none throws. Everything but GET /health needs the bearer
// token.
#pragma once

#include <string>

#include "mcp/transports/http_server_transport.hpp"
#include "net/server/http_server.hpp"
#include "sandboxd/desktop.hpp"
#include "sandboxd/toolset.hpp"

namespace ottobot::sandboxd {

struct RouteOptions {
  std::string token;
  std::string version;
};

class Routes {
 public:
  // `toolset` and `desktop` outlive the routes.
  Routes(RouteOptions options, Toolset& toolset, Desktop& desktop);
  void handle(net::Exchange& exchange);
  // Answered on the I/O thread: GET /health.
  static bool is_inline(const net::RequestHead& head) { return head.path == "/health"; }
  // Most calls of tools look at a file or two.
  static bool is_quick(const net::RequestHead& head) { return head.path == "/mcp" || head.path.starts_with("/control/"); }
  // Ends all MCP sessions; before the listener is closed.
  void end_sessions() { mcp_.end_sessions(); }

 private:
  void route(net::Exchange& exchange);
  bool is_authorized(const net::RequestHead& head) const;
  void health(net::Exchange& exchange) const;
  void rfb(net::Exchange& exchange);

  const RouteOptions options_;
  Toolset& toolset_;
  Desktop& desktop_;
  mcp::HttpServerTransport mcp_;
};

// POST /control/{claim,cancel,ack}
void handle_control(net::Exchange& exchange, Toolset& toolset, std::string_view action);
// GET /files?path=, GET and PUT /files/PATH
void handle_files(net::Exchange& exchange, const Workspace& workspace);
// GET /archive: the workspace as zip; PUT: puts such an archive back
void handle_archive(net::Exchange& exchange, const Workspace& workspace);
// GET /tcp/PORT with an Upgrade
void handle_tcp(net::Exchange& exchange, std::string_view port);
// True when the client asks for an upgrade to `protocol`; else answers 426.
bool wants_upgrade(net::Exchange& exchange, std::string_view protocol);

}  // namespace ottobot::sandboxd
