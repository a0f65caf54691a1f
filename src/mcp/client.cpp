#include "ottobot/mcp/client.hpp"

#include <mutex>

#include "mcp/modern_era.hpp"
#include "mcp/negotiation.hpp"

namespace ottobot::mcp {

namespace {

constexpr std::chrono::milliseconds kCancelTimeout{500};
// A server that hands out the same cursor for ever must not keep us.
constexpr int kMaxPages = 1000;

bool ended_by_caller(const Error& error) {
  return error.code == ErrorCode::cancelled || error.code == ErrorCode::deadline_exceeded;
}

Failure to_failure(const RpcError& error) {
  if (error.code == rpc_code::kFenced && get_string(error.data, "code") == "fenced") return fenced(error.message);
  if (error.code == rpc_code::kInvalidParams) return invalid_argument(error.message);
  if (error.code == rpc_code::kMethodNotFound) return not_found(error.message);
  return internal_error("MCP error " + std::to_string(error.code) + ": " + error.message);
}

NotificationHandler progress_handler(const CallOptions& options, std::int64_t token) {
  if (!options.on_progress) return {};
  return [&options, token](const Incoming& notification) {
    if (notification.method != "notifications/progress") return;
    if (get_int(*notification.params, "progressToken", -1) != token) return;
    options.on_progress(get_double(*notification.params, "progress"), get_double(*notification.params, "total"),
                        get_string(*notification.params, "message"));
  };
}

}  // namespace

struct Client::Impl {
  Impl(std::unique_ptr<McpTransport> mcp_transport, const ClientOptions& client_options)
      : options(client_options), transport(std::move(mcp_transport)), peer(*transport, options.info) {}

  ClientOptions options;
  std::unique_ptr<McpTransport> transport;
  Peer peer;
  Agreement agreement;
  std::mutex renewal;  // guards generation, held through a handshake so that one caller makes the new session for all
  int generation = 0;

  int current_generation() {
    std::lock_guard lock(renewal);
    return generation;
  }

  Result<void> renew(int seen, const CallContext& ctx) {
    std::lock_guard lock(renewal);
    if (generation != seen) return {};
    auto renewed = initialize(peer, options.info, ctx.within(options.connect_timeout));
    if (!renewed) return fail(renewed.error(), "new MCP session");
    ++generation;
    return {};
  }

  // One request. When the legacy session has ended, which means that the request was not looked at, once more in a new
  // one.
  Result<Json> request(std::int64_t id, std::string_view method, const Json& params, const NotificationHandler& handler,
                       const CallContext& ctx) {
    const int seen = current_generation();
    auto outcome = peer.request(agreement.era, id, method, params, handler, ctx);
    if (!outcome && outcome.error().code == ErrorCode::not_found && agreement.era == Era::legacy) {
      if (auto renewed = renew(seen, ctx); !renewed) return fail(renewed.error());
      outcome = peer.request(agreement.era, id, method, params, handler, ctx);
    }
    if (!outcome) return fail(outcome.error());
    if (!*outcome) return to_failure(outcome->error());
    if (!modern::is_complete(**outcome)) {
      return unsupported("the MCP server asks for input before it answers " + std::string(method));
    }
    return std::move(**outcome);
  }

  void tell_cancelled(std::int64_t id) {
    // Best effort, under a deadline of its own: the caller's has passed.
    (void)peer.notify("notifications/cancelled", {{"requestId", id}}, with_timeout(kCancelTimeout));
  }
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::connect(std::unique_ptr<McpTransport> transport, const ClientOptions& options,
                                                const CallContext& ctx) {
  auto impl = std::make_unique<Impl>(std::move(transport), options);
  auto agreement = negotiate(impl->peer, impl->options, ctx.within(options.connect_timeout));
  if (!agreement) return fail(agreement.error());
  impl->agreement = std::move(*agreement);
  return std::unique_ptr<Client>(new Client(std::move(impl)));
}

Era Client::era() const { return impl_->agreement.era; }
const Implementation& Client::server_info() const { return impl_->agreement.server; }

Result<std::vector<Tool>> Client::list_tools(const CallContext& ctx) {
  std::vector<Tool> tools;
  Json params = Json::object();
  for (int page = 0; page < kMaxPages; ++page) {
    auto result = impl_->request(impl_->peer.next_id(), "tools/list", params, {}, ctx);
    if (!result) return fail(result.error());
    const Json* list = find_member(*result, "tools");
    if (!list || !list->is_array()) return internal_error("the MCP server's tools/list result has no tools array");
    for (const Json& json : *list) {
      auto tool = tool_from_json(json);
      if (!tool) return fail(tool.error());
      tools.push_back(std::move(*tool));
    }
    const Json* cursor = find_member(*result, "nextCursor");
    if (!cursor || !cursor->is_string()) return tools;
    params["cursor"] = *cursor;
  }
  return internal_error("the MCP server's tools/list does not end after " + std::to_string(kMaxPages) + " pages");
}

Result<CallToolResult> Client::call_tool(const std::string& name, const Json& args, const CallOptions& options,
                                         const CallContext& ctx) {
  const std::int64_t id = impl_->peer.next_id();
  Json params = {{"name", name}, {"arguments", args.is_null() ? Json::object() : args}};
  if (options.meta.is_object()) params["_meta"] = options.meta;
  if (options.on_progress) params["_meta"]["progressToken"] = id;
  auto result = impl_->request(id, "tools/call", params, progress_handler(options, id), ctx);
  if (!result) {
    if (impl_->agreement.era == Era::legacy && ended_by_caller(result.error())) impl_->tell_cancelled(id);
    return fail(result.error());
  }
  return call_tool_result_from_json(*result);
}

Result<Json> Client::request(const std::string& method, const Json& params, const CallContext& ctx) {
  const std::int64_t id = impl_->peer.next_id();
  auto result = impl_->request(id, method, params.is_null() ? Json::object() : params, {}, ctx);
  if (!result && impl_->agreement.era == Era::legacy && ended_by_caller(result.error())) impl_->tell_cancelled(id);
  return result;
}

}  // namespace ottobot::mcp
