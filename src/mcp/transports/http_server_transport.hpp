// Streamable HTTP, server side, both eras on one endpoint: mount handle() in a router at /mcp.
//
// handle() runs a request to its end on the calling thread, so it may block as long as a tool does. In the legacy era a
// client that goes away does not cancel its call, for a while; in the modern era it does. Thread-safe. Protocol:
// Transports chapter of revisions 2025-11-25 and 2026-07-28.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "net/server/http_server.hpp"
#include "ottobot/clock.hpp"
#include "ottobot/mcp/server.hpp"

namespace ottobot::mcp {

struct HttpServerTransportOptions {
  std::vector<std::string> allowed_hosts;  // in Host and Origin, without port, beside the loopback ones; "*" = any
  std::chrono::milliseconds session_ttl{std::chrono::minutes{30}};
  std::size_t max_sessions = 1024;  // beyond, the longest unused one is forgotten
  std::size_t max_body_bytes = 64 << 20;
  std::chrono::milliseconds quiet_before_stream{1000};  // a call silent for so long is answered as a stream
  std::chrono::milliseconds keep_alive{15000};          // between comments on a silent stream
  // Legacy era: how long a call goes on whose client went away. Nobody can fetch its answer, and it holds a thread.
  std::chrono::milliseconds departed_grace{30000};
  Clock* clock = nullptr;  // system_clock() when null; must outlive the transport
};

class HttpServerTransport {
 public:
  // `server` is borrowed and must outlive the transport.
  explicit HttpServerTransport(Server& server, HttpServerTransportOptions options = {});
  // Needs every handle() to have returned.
  ~HttpServerTransport();
  HttpServerTransport(const HttpServerTransport&) = delete;
  HttpServerTransport& operator=(const HttpServerTransport&) = delete;

  // Answers one request to the endpoint. Authentication is the caller's, before.
  void handle(net::Exchange& exchange);
  // Ends all sessions and cancels their calls. Call it before closing a listener, which waits for running handlers.
  void end_sessions();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ottobot::mcp
