#include "api/mcp_relay.hpp"

#include <algorithm>
#include <array>

#include "api/input.hpp"
#include "api/sandbox_proxy.hpp"

namespace ottobot::api {
namespace {

constexpr std::string_view kEpoch = "ottobot/epoch";  // of a call's _meta
constexpr std::size_t kMaxMessageBytes = 16 << 20;
constexpr std::size_t kLargeMessageBytes = 1 << 20;  // parsed one at a time: as values it is many times as long
// A tool call may take its time, and between two of its events nothing comes.
constexpr ProxyLimits kMcpLimits{std::chrono::hours(2), std::chrono::milliseconds(0)};

// What belongs to this connection (RFC 9110 §7.6.1), or is our own business with the caller.
bool stays_here(std::string_view name) {
  constexpr std::array<std::string_view, 13> kOurs{"Connection",
                                                   "Keep-Alive",
                                                   "TE",
                                                   "Trailer",
                                                   "Transfer-Encoding",
                                                   "Upgrade",
                                                   "Proxy-Authorization",
                                                   "Content-Length",
                                                   "Accept-Encoding",
                                                   "Host",
                                                   "Authorization",
                                                   "Origin",
                                                   "Expect"};
  return std::any_of(kOurs.begin(), kOurs.end(),
                     [&](std::string_view ours) { return net::equals_ignore_case(ours, name); });
}

const ProxyAnswer& mcp_answer() {
  static const ProxyAnswer answer{{"Content-Type", "Content-Length", "Cache-Control", "Allow", "Mcp-Session-Id",
                                   "MCP-Protocol-Version", "X-Accel-Buffering", "Retry-After"},
                                  {{"X-Content-Type-Options", "nosniff"}},
                                  true};
  return answer;
}

// An outsider's epoch would fence the worker that owns the session: its calls go without one.
std::string without_epoch(Context& context, std::string body) {
  const auto has = [&](std::string_view text) { return body.find(text) != std::string::npos; };
  if (!has(kEpoch) && !has("\\u") && !has("\\/")) return body;  // not in escapes either
  std::unique_lock alone(context.large_message, std::defer_lock);
  if (body.size() > kLargeMessageBytes) alone.lock();
  auto message = parse_json(body);
  if (!message || !message->is_object()) return body;
  const auto params = message->find("params");
  if (params == message->end() || !params->is_object()) return body;
  const auto meta = params->find("_meta");
  if (meta == params->end() || !meta->is_object() || meta->erase(std::string(kEpoch)) == 0) return body;
  return dump_json(*message);
}

Result<Endpoint> sandbox_of_port(Context& context, const Request& request) {
  const auto row = find_session(context, request);
  if (!row) return fail(row.error());
  auto sandbox = find_sandbox(context, *row);
  if (sandbox || sandbox.error().code != ErrorCode::not_found) return sandbox;
  return unavailable("the session's sandbox is not up", "wait for it: phase " + row->phase);
}

Result<void> relay_mcp(Context& context, Request& request) {
  const auto sandbox = sandbox_of_port(context, request);
  if (!sandbox) return fail(sandbox.error());
  auto body = read_body(request, kMaxMessageBytes);
  if (!body) return {};
  net::HttpRequest upstream = net::request_to(*sandbox, request.head().method, "/mcp");
  upstream.body = without_epoch(context, std::move(*body));
  for (const auto& [name, value] : request.head().headers) {
    if (!stays_here(name)) upstream.headers.add(name, value);
  }
  return proxy_to_sandbox(context, request, std::move(upstream), mcp_answer(), kMcpLimits);
}

Result<void> relay_health(Context& context, Request& request) {
  const auto sandbox = sandbox_of_port(context, request);
  if (!sandbox) return fail(sandbox.error());
  return proxy_to_sandbox(context, request, net::request_to(*sandbox, "GET", "/health"), mcp_answer());
}

}  // namespace

void add_mcp_routes(Router& router, Context& context) {
  for (const char* method : {"POST", "GET", "DELETE"}) {
    router.add(method, "mcp", rules::kTools, [&context](Request& request) -> Result<void> {
      const auto slot = context.long_requests.enter(request, request.session_id());
      if (!slot) return {};
      return relay_mcp(context, request);
    });
  }
  router.add("GET", "health", rules::kOpen, [&context](Request& request) { return relay_health(context, request); });
}

}  // namespace ottobot::api
