// A real HTTP server around an mcp::Server, for tests.
#pragma once

#include <memory>
#include <string>

#include "mcp/transports/http_client_transport.hpp"
#include "mcp/transports/http_server_transport.hpp"
#include "net/server/http_server.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::mcp::test {

enum class Wire { tcp, unix_socket };

class HttpHost {
 public:
  explicit HttpHost(Server& server, Wire wire = Wire::tcp, HttpServerTransportOptions options = {})
      : transport_(server, std::move(options)) {
    if (wire == Wire::unix_socket) socket_path_ = "/tmp/ottobot-mcp-" + new_id() + ".sock";
    net::HttpServerOptions server_options;
    server_options.handler_threads = 24;
    http_ = net::make_http_server(server_options).value();
    net::ListenOptions listen;
    if (!socket_path_.empty()) listen.address = "unix:" + socket_path_;
    listen.handler = [this](net::Exchange& exchange) { transport_.handle(exchange); };
    listener_ = http_->listen(std::move(listen)).value();
    client_ = net::make_http_client().value();
  }

  ~HttpHost() {
    transport_.end_sessions();
    listener_.reset();
    if (!socket_path_.empty()) (void)std::remove(socket_path_.c_str());
  }

  Endpoint endpoint() const {
    if (!socket_path_.empty()) return {"unix:" + socket_path_, "", std::nullopt};
    return {"http://127.0.0.1:" + std::to_string(listener_->port()), "", std::nullopt};
  }

  net::HttpClient& client() { return *client_; }

  std::unique_ptr<McpTransport> connect() { return make_http_transport({endpoint(), "/mcp"}, *client_).value(); }

 private:
  HttpServerTransport transport_;
  std::string socket_path_;
  std::unique_ptr<net::HttpServer> http_;
  std::unique_ptr<net::Listener> listener_;
  std::unique_ptr<net::HttpClient> client_;
};

}  // namespace ottobot::mcp::test
