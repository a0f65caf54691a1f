#include "mcp/transports/http_server_transport.hpp"

#include <map>
#include <mutex>

#include "mcp/http_binding.hpp"
#include "mcp/legacy_era.hpp"
#include "mcp/modern_era.hpp"
#include "mcp/param_headers.hpp"
#include "mcp/server_session.hpp"
#include "mcp/transports/accept.hpp"
#include "mcp/transports/host_guard.hpp"
#include "mcp/transports/keep_alive.hpp"
#include "mcp/transports/reply_stream.hpp"
#include "mcp/transports/session_table.hpp"

namespace ottobot::mcp {

namespace {

namespace binding = http_binding;

net::Response error_reply(int status, const RpcError& error, const Json& id = nullptr) {
  return {status, {{"Content-Type", "application/json"}}, dump_json(make_error_response(id, error))};
}

net::Response refusal(int status, std::string message) {
  return error_reply(status, {rpc_code::kInvalidRequest, std::move(message), nullptr});
}

net::Response method_not_allowed(std::string allowed) {
  net::Response response = refusal(405, "Method not allowed");
  response.headers.add("Allow", std::move(allowed));
  return response;
}

int status_of(const Error& read_error) {
  if (read_error.code == ErrorCode::resource_exhausted) return 413;
  return read_error.code == ErrorCode::deadline_exceeded ? 408 : 400;
}

std::string header(const net::Headers& headers, const char* name) {
  return std::string(headers.find(name).value_or(std::string_view()));
}

bool is_initialize(const Incoming& message) {
  return message.kind == Incoming::Kind::request && message.method == "initialize";
}

bool is_modern(const net::Headers& headers, const Incoming& message) {
  return modern::speaks(message) || headers.find(binding::kProtocolVersion) == kModernVersion;
}

RpcResult<void> check_modern(const net::Headers& headers, const Incoming& request) {
  // _meta first: without it there is nothing that headers could be compared with.
  auto envelope = modern::check_envelope(request);
  if (!envelope && envelope.error().code == rpc_code::kInvalidParams) return envelope;
  const auto find = [&headers](std::string_view name) { return headers.find(name); };
  if (auto same = binding::check_modern_headers(request, find); !same) return same;
  return envelope;
}

class NoSink final : public McpMessageSink {
 public:
  void on_message(const Json&) override {}
};

}  // namespace

struct HttpServerTransport::Impl {
  Impl(Server& mcp_server, HttpServerTransportOptions transport_options, Clock& clock)
      : server(mcp_server),
        options(std::move(transport_options)),
        guard(options.allowed_hosts),
        sessions(options.session_ttl, options.max_sessions, clock),
        keep_alive({options.quiet_before_stream, options.keep_alive, options.departed_grace}, clock) {}

  Server& server;
  HttpServerTransportOptions options;
  HostGuard guard;
  SessionTable sessions;
  KeepAlive keep_alive;
  std::once_flag params_found;
  std::map<std::string, std::vector<ParamHeader>> params;

  void handle(net::Exchange& exchange) {
    const net::RequestHead& head = exchange.request();
    if (!guard.admits(head.headers, head.peer)) return exchange.respond(refusal(403, "Host or Origin not allowed"));
    if (head.method == "POST") return post(exchange);
    const bool modern = head.headers.find(binding::kProtocolVersion) == kModernVersion;
    if (head.method == "DELETE" && !modern) return exchange.respond(end_session(head.headers));
    exchange.respond(method_not_allowed(modern ? "POST" : "POST, DELETE"));
  }

  net::Response end_session(const net::Headers& headers) {
    const std::string id = header(headers, binding::kSessionId);
    if (id.empty()) return refusal(400, "Bad Request: MCP-Session-Id header required");
    if (!sessions.end(id)) return refusal(404, "Session not found");
    return {204, {}, {}};
  }

  void post(net::Exchange& exchange) {
    const net::Headers& headers = exchange.request().headers;
    if (!is_json(headers)) return exchange.respond(refusal(415, "Content-Type must be application/json"));
    if (!accepts(headers, "application/json") || !accepts(headers, "text/event-stream")) {
      return exchange.respond(refusal(406, "Accept must list application/json and text/event-stream"));
    }
    auto body = exchange.read_body(options.max_body_bytes);
    if (!body) return exchange.respond(refusal(status_of(body.error()), body.error().message));
    auto message = parse_json(*body);
    if (!message) {
      return exchange.respond(error_reply(400, {rpc_code::kParseError, "Parse error: " + message.error().message, {}}));
    }
    const auto incoming = parse_message(*message);
    if (!incoming) return exchange.respond(error_reply(400, incoming.error(), usable_id(*message)));
    if (is_modern(headers, *incoming)) return serve_modern(exchange, *message, *incoming);
    serve_legacy(exchange, *message, *incoming);
  }

  void serve_modern(net::Exchange& exchange, const Json& message, const Incoming& incoming) {
    // There is no session that a notification could be for.
    if (incoming.kind != Incoming::Kind::request) return exchange.respond({202, {}, {}});
    if (auto checked = check_modern(exchange.request().headers, incoming); !checked) {
      return exchange.respond(error_reply(400, checked.error(), *incoming.id));
    }
    if (auto checked = check_params(exchange.request().headers, incoming); !checked) {
      return exchange.respond(error_reply(400, checked.error(), *incoming.id));
    }
    CallContext ctx;
    ctx.stop = exchange.client_gone();
    const auto session = server.make_session();
    ReplyStream reply(exchange);
    const KeepAlive::Registration registration(keep_alive, reply, {});
    const Json response = server.handle(message, *session, reply, ctx);
    reply.finish(binding::modern_status(response), {}, response);
  }

  RpcResult<void> check_params(const net::Headers& headers, const Incoming& request) {
    if (request.method != "tools/call") return {};
    const auto found = mirrored_params().find(get_string(*request.params, "name"));
    const Json* args = find_member(*request.params, "arguments");
    if (found == mirrored_params().end()) return {};
    return check_param_headers(found->second, args ? *args : Json::object(),
                               [&headers](std::string_view name) { return headers.find(name); });
  }

  // Of the tools that annotate any. Tools do not change once requests come.
  const std::map<std::string, std::vector<ParamHeader>>& mirrored_params() {
    std::call_once(params_found, [this] {
      for (const Tool* tool : server.tools()) {
        auto annotated = find_param_headers(tool->input_schema);
        if (annotated && !annotated->empty()) params.emplace(tool->name, std::move(*annotated));
      }
    });
    return params;
  }

  void serve_legacy(net::Exchange& exchange, const Json& message, const Incoming& incoming) {
    const net::Headers& headers = exchange.request().headers;
    if (is_initialize(incoming)) return start_session(exchange, message);
    const auto version = headers.find(binding::kProtocolVersion).value_or(legacy::kAssumedVersion);
    if (!legacy::is_supported(version)) {
      return exchange.respond(refusal(400, "Bad Request: unsupported protocol version " + std::string(version)));
    }
    const std::string id = header(headers, binding::kSessionId);
    if (id.empty()) return exchange.respond(refusal(400, "Bad Request: MCP-Session-Id header required"));
    const auto session = sessions.find(id);
    if (!session) return exchange.respond(refusal(404, "Session not found"));
    if (incoming.kind != Incoming::Kind::request) {
      NoSink none;
      (void)server.handle(message, *session, none, {});
      return exchange.respond({202, {}, {}});
    }
    ReplyStream reply(exchange);
    const KeepAlive::Registration registration(keep_alive, reply, exchange.client_gone());
    CallContext ctx;
    ctx.stop = registration.abandoned();
    const Json response = server.handle(message, *session, reply, ctx);
    reply.finish(200, {}, response);
  }

  void start_session(net::Exchange& exchange, const Json& message) {
    const auto session = server.make_session();
    NoSink none;
    const Json response = server.handle(message, *session, none, {});
    net::Headers headers{{"Content-Type", "application/json"}};
    if (response.contains("result")) {
      std::string id = sessions.add(session);
      if (id.empty()) return exchange.respond(refusal(503, "Too many sessions with running calls"));
      headers.add(binding::kSessionId, std::move(id));
    }
    exchange.respond({200, std::move(headers), dump_json(response)});
  }
};

HttpServerTransport::HttpServerTransport(Server& server, HttpServerTransportOptions options) {
  Clock& clock = options.clock ? *options.clock : system_clock();
  impl_ = std::make_unique<Impl>(server, std::move(options), clock);
}

HttpServerTransport::~HttpServerTransport() = default;

void HttpServerTransport::handle(net::Exchange& exchange) { impl_->handle(exchange); }

void HttpServerTransport::end_sessions() { impl_->sessions.end_all(); }

}  // namespace ottobot::mcp
