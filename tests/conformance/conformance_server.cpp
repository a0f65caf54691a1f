// conformance_server PORT: an MCP server on loopback, at /mcp, with the fixtures of the official conformance suite.
#include <charconv>
#include <csignal>
#include <cstdio>
#include <string_view>

#include "conformance/fixture_tools.hpp"
#include "mcp/transports/http_server_transport.hpp"

namespace {

using namespace ottobot;

constexpr int kHandlerThreads = 32;

Result<void> serve(int port, const sigset_t& signals) {
  mcp::Server server(mcp::ServerOptions{{"ottobot-conformance-server", "1"}, "Fixtures of the conformance suite.", {}});
  if (auto added = conformance::add_fixture_tools(server); !added) return added;
  mcp::HttpServerTransport transport(server);
  net::HttpServerOptions options;
  options.handler_threads = kHandlerThreads;
  auto http = net::make_http_server(options);
  if (!http) return fail(http.error());
  net::ListenOptions listen;
  listen.port = port;
  listen.handler = [&transport](net::Exchange& exchange) {
    if (exchange.request().path == "/mcp") return transport.handle(exchange);
    exchange.respond({404, {}, {}});
  };
  auto listener = (*http)->listen(std::move(listen));
  if (!listener) return fail(listener.error());
  std::printf("conformance_server listening on http://127.0.0.1:%d/mcp\n", (*listener)->port());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  transport.end_sessions();
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view text = argc > 1 ? argv[1] : "";
  int port = -1;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  if (argc != 2 || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || port < 0 || port > 65535) {
    std::fprintf(stderr, "usage: conformance_server PORT (0 = any free one)\n");
    return 2;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread
  const auto served = serve(port, signals);
  if (served) return 0;
  std::fprintf(stderr, "conformance_server: %s\n", served.error().to_string().c_str());
  return 1;
}
