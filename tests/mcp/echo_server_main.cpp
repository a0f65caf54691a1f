// A small MCP server for checks by hand with other implementations, and a child process for tests: mcp_echo_server PORT
// serves /mcp on loopback, mcp_echo_server --stdio its standard streams.
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "mcp/transports/http_server_transport.hpp"
#include "mcp/transports/stdio_server_transport.hpp"

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

std::atomic<int> cancelled_counts = 0;

// Counts with a pause before each number, reporting progress.
Result<mcp::CallToolResult> count(mcp::ToolCall& call, const CallContext& ctx) {
  const auto to = get_int(call.args(), "to", 3);
  const std::chrono::milliseconds pause(get_int(call.args(), "pause_ms", 50));
  for (int step = 1; step <= to; ++step) {
    if (auto slept = system_clock().sleep_for(pause, ctx); !slept) {
      ++cancelled_counts;
      cancelled_counts.notify_all();
      return fail(slept.error());
    }
    call.progress(step, static_cast<double>(to), "counted " + std::to_string(step));
  }
  return mcp::text_result("counted to " + std::to_string(to));
}

Result<mcp::CallToolResult> always_fail(mcp::ToolCall&, const CallContext&) {
  return not_found("nothing there", "look elsewhere");
}

// How many counts were cancelled; waits for the first.
Result<mcp::CallToolResult> report_cancelled(mcp::ToolCall&, const CallContext&) {
  cancelled_counts.wait(0);
  return mcp::text_result(std::to_string(cancelled_counts));
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
  auto cancelled = make_tool("cancelled", "Counts cancelled counts", Json::object(), Json::array(), true);
  if (auto added = server.add_tool(std::move(cancelled), report_cancelled); !added) return added;
  return server.add_tool(make_tool("fail", "Never works", Json::object(), Json::array(), false), always_fail);
}

mcp::ServerOptions server_options() { return {{"mcp_echo_server", "1"}, "Tools to try a client with.", {}}; }

Result<void> serve_streams() {
  mcp::Server server(server_options());
  if (auto added = add_tools(server); !added) return added;
  return mcp::serve_stdio(server, {}, {});
}

Result<void> serve(int port) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  mcp::Server server(server_options());
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
  const bool stdio = argc > 1 && std::string_view(argv[1]) == "--stdio";
  const auto served = stdio ? serve_streams() : serve(argc > 1 ? std::atoi(argv[1]) : 0);
  if (served) return 0;
  std::fprintf(stderr, "%s\n", served.error().to_string().c_str());
  return 1;
}
