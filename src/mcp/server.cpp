#include "ottobot/mcp/server.hpp"

#include <mutex>
#include <unordered_map>
#include <vector>

#include "json_schema/tool_schema.hpp"
#include "mcp/legacy_era.hpp"
#include "mcp/logging_level.hpp"
#include "mcp/modern_era.hpp"

namespace ottobot::mcp {

namespace {

struct RegisteredTool {
  Tool tool;
  Json listing;
  json_schema::ToolSchema schema;
  ToolHandler handler;
};

bool is_valid_tool_name(std::string_view name) {
  constexpr std::string_view kAllowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  return !name.empty() && name.size() <= 128 && name.find_first_not_of(kAllowed) == std::string_view::npos;
}

class LiveCall final : public ToolCall {
 public:
  LiveCall(const std::string& name, const Json& args, const Json& meta, std::optional<LoggingLevel> log_level,
           McpMessageSink& out)
      : name_(name),
        args_(args),
        meta_(meta),
        token_(find_member(meta, "progressToken")),
        level_(log_level),
        out_(out) {}

  const std::string& name() const override { return name_; }
  const Json& args() const override { return args_; }
  const Json& meta() const override { return meta_; }

  void progress(double progress, double total, const std::string& message) override {
    if (!token_ || !is_valid_id_value(*token_)) return;
    Json params = {{"progressToken", *token_}, {"progress", progress}};
    if (total > 0) params["total"] = total;
    if (!message.empty()) params["message"] = message;
    send("notifications/progress", std::move(params));
  }

  void log(LoggingLevel level, const Json& data) override {
    if (level_ && level >= *level_) send("notifications/message", {{"level", to_string(level)}, {"data", data}});
  }

 private:
  void send(std::string_view method, Json params) {
    const Json notification = make_notification(method, std::move(params));
    std::lock_guard lock(mutex_);
    out_.on_message(notification);
  }

  const std::string& name_;
  const Json& args_;
  const Json& meta_;
  const Json* token_;
  const std::optional<LoggingLevel> level_;
  std::mutex mutex_;  // guards out_: a tool may report from several threads
  McpMessageSink& out_;
};

// The members of `needed` that `declared` lacks.
Json missing_capabilities(const Json& needed, const Json& declared) {
  Json missing = Json::object();
  if (!needed.is_object()) return missing;
  for (const auto& [name, value] : needed.items()) {
    const Json* found = find_member(declared, name);
    const bool has_parts = found && missing_capabilities(value, *found).empty();
    if (!has_parts) missing[name] = value;
  }
  return missing;
}

// The result as JSON without copying what may be megabytes.
Json take_json(CallToolResult&& result) {
  Json json = Json::object();
  json["content"] = std::move(result.content);
  if (!result.structured.is_null()) json["structuredContent"] = std::move(result.structured);
  if (result.is_error) json["isError"] = true;
  if (result.meta.is_object()) json["_meta"] = std::move(result.meta);
  return json;
}

std::string text_for_model(const Error& error) {
  return error.hint.empty() ? error.message : error.message + "\n" + error.hint;
}

// The caller itself has to stop, not its model.
RpcFailure fenced_failure(const Error& error) {
  return rpc_error(rpc_code::kFenced, error.message, {{"code", to_string(error.code)}});
}

Result<CallToolResult> run_handler(const ToolHandler& handler, ToolCall& call, const CallContext& ctx) {
  try {
    return handler(call, ctx);
  } catch (const std::exception& exception) {
    return internal_error("tool " + call.name() + " failed: " + exception.what());
  } catch (...) {
    return internal_error("tool " + call.name() + " failed");
  }
}

}  // namespace

struct Server::Impl {
  explicit Impl(ServerOptions server_options) : options(std::move(server_options)), legacy(options), modern(options) {}

  ServerOptions options;
  legacy::Era legacy;
  modern::Era modern;
  std::vector<RegisteredTool> tools;
  std::unordered_map<std::string, std::size_t> index;  // name → position in tools

  Json respond(const Incoming& request, SessionState& session, McpMessageSink& out, const CallContext& ctx) const {
    const ServerEra& era = modern::speaks(request) ? static_cast<const ServerEra&>(modern) : legacy;
    RpcResult<Json> outcome = dispatch(era, request, session, out, ctx);
    if (outcome) era.complete(request.method, *outcome);
    return make_response(*request.id, std::move(outcome));
  }

  RpcResult<Json> dispatch(const ServerEra& era, const Incoming& request, SessionState& session, McpMessageSink& out,
                           const CallContext& ctx) const {
    if (auto admitted = era.admit(request, session); !admitted) return RpcFailure(admitted.error());
    if (auto own = era.serve(request, session)) return std::move(*own);
    if (request.method == "tools/list") return list_tools(request);
    if (request.method == "tools/call") return call_tool(era, request, session, out, ctx);
    return rpc_error(rpc_code::kMethodNotFound, "Method not found: " + std::string(request.method));
  }

  RpcResult<Json> list_tools(const Incoming& request) const {
    // Everything is on the first page, so no cursor is ours.
    if (request.params->contains("cursor"))
      return rpc_error(rpc_code::kInvalidParams, "Invalid params: unknown cursor");
    Json list = Json::array();
    for (const auto& tool : tools) list.push_back(tool.listing);
    Json result = Json::object();
    result["tools"] = std::move(list);
    return result;
  }

  RpcResult<Json> call_tool(const ServerEra& era, const Incoming& request, SessionState& session, McpMessageSink& out,
                            const CallContext& ctx) const {
    const Json* name = find_member(*request.params, "name");
    if (!name || !name->is_string())
      return rpc_error(rpc_code::kInvalidParams, "Invalid params: name must be a string");
    const auto found = index.find(name->get_ref<const std::string&>());
    if (found == index.end()) {
      return rpc_error(rpc_code::kInvalidParams, "Unknown tool: " + name->get_ref<const std::string&>());
    }
    const Json none = Json::object();
    const Json* args = find_member(*request.params, "arguments");
    if (!args || args->is_null()) args = &none;
    if (!args->is_object()) return rpc_error(rpc_code::kInvalidParams, "Invalid params: arguments must be an object");

    if (auto welcome = admit_call(request.meta()); !welcome) return RpcFailure(welcome.error());

    const RegisteredTool& tool = tools[found->second];
    if (!tool.tool.needed_capabilities.is_null()) {
      Json missing = missing_capabilities(tool.tool.needed_capabilities, era.client_capabilities(request, session));
      if (!missing.empty()) {
        return rpc_error(rpc_code::kMissingCapability, "Missing required client capability",
                         {{"requiredCapabilities", std::move(missing)}});
      }
    }
    // Not a protocol error: the model that made them is the one to mend them (SEP-1303).
    if (auto errors = tool.schema.find_argument_errors(*args)) return take_json(error_result(std::move(*errors)));

    SessionState::Call running(session, *request.id, ctx.stop);
    LiveCall call(tool.tool.name, *args, request.meta(), era.log_level(request, session), out);
    CallContext call_ctx = ctx.with_stop(running.token());
    if (options.call_timeout.count() > 0) call_ctx = call_ctx.within(options.call_timeout);
    return to_outcome(tool, run_handler(tool.handler, call, call_ctx));
  }

  RpcResult<void> admit_call(const Json& meta) const {
    if (!options.call_guard) return {};
    const auto welcome = options.call_guard(meta);
    if (welcome) return {};
    if (welcome.error().code == ErrorCode::fenced) return fenced_failure(welcome.error());
    return rpc_error(rpc_code::kInvalidParams, "Invalid params: " + welcome.error().message);
  }

  static RpcResult<Json> to_outcome(const RegisteredTool& tool, Result<CallToolResult> result) {
    if (result && !result->is_error) {
      if (auto errors = tool.schema.find_output_errors(result->structured)) return take_json(error_result(*errors));
    }
    if (result) return take_json(std::move(*result));
    const Error& error = result.error();
    if (error.code == ErrorCode::fenced) return fenced_failure(error);
    return take_json(error_result(text_for_model(error)));
  }
};

Server::Server(ServerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Server::~Server() = default;

Result<void> Server::add_tool(Tool tool, ToolHandler handler) {
  if (!is_valid_tool_name(tool.name)) {
    return invalid_argument("not a tool name: \"" + tool.name + "\"", "use 1 to 128 characters of A-Z a-z 0-9 _ . -");
  }
  if (!tool.input_schema.is_object()) return invalid_argument("the input schema of " + tool.name + " is no object");
  if (!handler) return invalid_argument("tool " + tool.name + " has no handler");
  auto schema = json_schema::ToolSchema::compile(tool.name, tool.input_schema, tool.output_schema);
  if (!schema) return fail(schema.error());
  if (!impl_->index.emplace(tool.name, impl_->tools.size()).second) {
    return already_exists("there is a tool " + tool.name + " already");
  }
  Json listing = to_json(tool);
  impl_->tools.push_back({std::move(tool), std::move(listing), std::move(*schema), std::move(handler)});
  return {};
}

std::vector<const Tool*> Server::tools() const {
  std::vector<const Tool*> found;
  for (const RegisteredTool& registered : impl_->tools) found.push_back(&registered.tool);
  return found;
}

std::shared_ptr<ServerSession> Server::make_session() { return std::make_shared<ServerSession>(); }

Json Server::handle(const Json& message, ServerSession& session, McpMessageSink& out, const CallContext& ctx) {
  const std::shared_ptr<SessionState> state = session.state();
  auto incoming = parse_message(message);
  if (!incoming) return make_error_response(usable_id(message), incoming.error());
  if (incoming->kind == Incoming::Kind::request) return impl_->respond(*incoming, *state, out, ctx);
  if (incoming->method == "notifications/cancelled") {
    if (const Json* id = find_member(*incoming->params, "requestId")) state->cancel(*id);
  }
  return nullptr;
}

const ServerOptions& Server::options() const { return impl_->options; }

}  // namespace ottobot::mcp
