// A small MCP server for checks by hand with other implementations: mcp_echo_server PORT serves /mcp on loopback.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "mcp/transports/http_server_transport.hpp"

namespace {

using namespace ottobot;

mcp::Tool make_tool(std::string name, std::string description, Json properties, Json required, bool read_only) {
  mcp::Tool tool;
  tool.name = std::move(name);
  tool.description = std::move(description);
  tool.input_schema = {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
  tool.annotations.read_only = read_only;
  return tool;
}

Result<mcp::CallToolResult> echo(mcp::ToolCall& call, const CallContext&) {
  mcp::CallToolResult result = mcp::text_result(get_string(call.args(), "message"));
  result.structured = {{"message", get_string(call.args(), "message")}};
  return result;
}

// Counts with a pause before each number, reporting progress.
Result<mcp::CallToolResult> count(mcp::ToolCall& call, const CallContext& ctx) {
  const auto to = get_int(call.args(), "to", 3);
  const std::chrono::milliseconds pause(get_int(call.args(), "pause_ms", 50));
  for (int step = 1; step <= to; ++step) {
    if (auto slept = system_clock().sleep_for(pause, ctx); !slept) return fail(slept.error());
    call.progress(step, static_cast<double>(to), "counted " + std::to_string(step));
  }
  return mcp::text_result("counted to " + std::to_string(to));
}

Result<mcp::CallToolResult> always_fail(mcp::ToolCall&, const CallContext&) {
  return not_found("nothing there", "look elsewhere");
}

Result<void> add_tools(mcp::Server& server) {
  const Json text = {{"type", "string"}};
  const Json integer = {{"type", "integer"}};
  if (auto added = server.add_tool(make_tool("echo", "Says it again", {{"message", text}}, {"message"}, true), echo);
      !added) {
    return added;
  }
  auto counter = make_tool("count", "Counts, slowly", {{"to", integer}, {"pause_ms", integer}}, Json::array(), true);
  if (auto added = server.add_tool(std::move(counter), count); !added) return added;
  return server.add_tool(make_tool("fail", "Never works", Json::object(), Json::array(), false), always_fail);
}

Result<void> serve(int port) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  mcp::Server server(mcp::ServerOptions{{"mcp_echo_server", "1"}, "Tools to try a client with.", {}});
  if (auto added = add_tools(server); !added) return added;
  mcp::HttpServerTransport transport(server);
  auto http = net::make_http_server({});
  if (!http) return fail(http.error());
  net::ListenOptions listen;
  listen.port = port;
  listen.handler = [&transport](net::Exchange& exchange) {
    if (exchange.request().path == "/mcp") return transport.handle(exchange);
    exchange.respond({404, {}, {}});
  };
  auto listener = (*http)->listen(std::move(listen));
  if (!listener) return fail(listener.error());
  std::printf("http://127.0.0.1:%d/mcp\n", (*listener)->port());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  transport.end_sessions();
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const auto served = serve(argc > 1 ? std::atoi(argv[1]) : 0);
  if (served) return 0;
  std::fprintf(stderr, "%s\n", served.error().to_string().c_str());
  return 1;
}
