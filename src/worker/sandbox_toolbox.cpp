#include "worker/sandbox_toolbox.hpp"

#include "mcp/transports/http_client_transport.hpp"
#include "ottobot/version.hpp"

namespace ottobot::worker {
namespace {

constexpr std::chrono::milliseconds kControlTimeout{2000};
constexpr std::chrono::milliseconds kCollectTimeout{3000};
constexpr std::chrono::milliseconds kListTimeout{20000};
constexpr int kSendAttempts = 4;

ToolReply to_reply(mcp::CallToolResult result) {
  return {result.is_error ? ToolOutcome::error : ToolOutcome::ok, std::move(result.content),
          std::move(result.structured)};
}

// The connection broke: the call may be running. The same id joins it.
bool may_resend(const Error& error) {
  return error.code == ErrorCode::unavailable || error.code == ErrorCode::not_found;
}

}  // namespace

Result<std::unique_ptr<SandboxToolBox>> SandboxToolBox::connect(net::HttpClient& http, const Endpoint& endpoint,
                                                                std::uint64_t epoch, std::stop_token abandon,
                                                                const CallContext& ctx) {
  std::unique_ptr<SandboxToolBox> box(new SandboxToolBox(http, endpoint, epoch, std::move(abandon)));
  auto boot_id = box->sandbox_.claim(epoch, ctx);
  if (!boot_id) return fail(boot_id.error());
  box->boot_id_ = std::move(*boot_id);
  auto transport = mcp::make_http_transport({endpoint, "/mcp"}, http);
  if (!transport) return fail(transport.error());
  mcp::ClientOptions options;
  options.info = {"ottobot", kVersion};
  auto client = mcp::Client::connect(std::move(*transport), options, ctx);
  if (!client) return fail(client.error(), "connecting to the sandbox's tools");
  box->client_ = std::move(*client);
  return box;
}

Result<std::vector<ToolSpec>> SandboxToolBox::list_tools(const CallContext& ctx) {
  std::lock_guard lock(mutex_);
  if (!tools_.empty()) return tools_;
  auto listed = client_->list_tools(ctx.within(kListTimeout));
  if (!listed && listed.error().code == ErrorCode::deadline_exceeded && ctx.check()) {
    return unavailable("the sandbox does not list its tools", "it may be overloaded; try again");
  }
  if (!listed) return fail(listed.error());
  for (mcp::Tool& tool : *listed) {
    tools_.push_back(
        {std::move(tool.name), std::move(tool.description), std::move(tool.input_schema), tool.annotations.read_only});
  }
  return tools_;
}

Result<mcp::CallToolResult> SandboxToolBox::send(const ToolCallParams& params, const ToolProgress& progress,
                                                 const CallContext& ctx) {
  mcp::CallOptions options;
  options.meta = {{mcp::meta::kCallId, params.call_id}, {mcp::meta::kEpoch, epoch_}};
  if (progress) options.on_progress = [&](double, double, const std::string& message) { progress(message); };
  return client_->call_tool(params.name, params.args, options, ctx);
}

Result<ToolReply> SandboxToolBox::call_tool(const ToolCallParams& params, const ToolProgress& progress,
                                            const CallContext& ctx) {
  for (int attempt = 1;; ++attempt) {
    auto result = send(params, progress, ctx);
    if (result) return to_reply(std::move(*result));
    const Error& error = result.error();
    if (error.code == ErrorCode::invalid_argument) return text_reply(error.message, ToolOutcome::error);
    if (error.code == ErrorCode::cancelled || error.code == ErrorCode::deadline_exceeded) {
      if (abandon_.stop_requested()) return fail(error);
      return cancel_and_collect(params);
    }
    if (!may_resend(error) || attempt == kSendAttempts) return fail(error);
    auto boot_id = sandbox_.health(ctx.within(kControlTimeout));
    if (!boot_id || *boot_id != boot_id_) return unavailable("the sandbox was lost during the call: " + error.message);
  }
}

Result<ToolReply> SandboxToolBox::cancel_and_collect(const ToolCallParams& params) {
  // The turn's own token has fired; these have their own short deadlines.
  auto told = sandbox_.cancel(params.call_id, epoch_, with_timeout(kControlTimeout));
  if (!told) return fail(told.error());
  auto result = send(params, nullptr, with_timeout(kCollectTimeout));
  if (!result) return fail(result.error());
  ToolReply reply = to_reply(std::move(*result));
  reply.outcome = ToolOutcome::error;
  return reply;
}

void SandboxToolBox::acknowledge(const std::vector<std::string>& call_ids) {
  // Lost ones cost memory in the sandbox, nothing else.
  (void)sandbox_.acknowledge(call_ids, epoch_, with_timeout(kControlTimeout));
}

}  // namespace ottobot::worker
