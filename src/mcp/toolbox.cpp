#include <mutex>

#include "ottobot/mcp/client.hpp"

namespace ottobot::mcp {

namespace {

class McpToolBox final : public ToolBox {
 public:
  explicit McpToolBox(Client& client) : client_(client) {}

  Result<std::vector<ToolSpec>> list_tools(const CallContext& ctx) override {
    auto tools = client_.list_tools(ctx);
    if (!tools) return as_unavailable(tools.error());
    std::vector<ToolSpec> specs;
    specs.reserve(tools->size());
    for (Tool& tool : *tools) {
      specs.push_back({std::move(tool.name), std::move(tool.description), std::move(tool.input_schema),
                       tool.annotations.read_only});
    }
    return specs;
  }

  Result<ToolReply> call_tool(const ToolCallParams& params, const ToolProgress& progress,
                              const CallContext& ctx) override {
    CallOptions options;
    if (!params.call_id.empty()) options.meta = {{meta::kCallId, params.call_id}};
    if (progress) {
      options.on_progress = [&progress](double, double, const std::string& message) {
        if (!message.empty()) progress(message);
      };
    }
    auto result = client_.call_tool(params.name, params.args, options, ctx);
    if (!result) return to_reply(result.error());
    remember_boot_id(result->meta);
    return ToolReply{result->is_error ? ToolOutcome::error : ToolOutcome::ok, std::move(result->content),
                     std::move(result->structured)};
  }

  // MCP itself has no word for it.
  void acknowledge(const std::vector<std::string>&) override {}

  std::string boot_id() const override {
    std::lock_guard lock(mutex_);
    return boot_id_;
  }

 private:
  static Failure as_unavailable(const Error& error) { return unavailable(error.message, error.hint); }

  // What a model can act on is a reply; what says that the sandbox cannot be used is an error.
  static Result<ToolReply> to_reply(const Error& error) {
    switch (error.code) {
      case ErrorCode::fenced:
      case ErrorCode::unavailable:
        return fail(error);
      case ErrorCode::invalid_argument:
        return text_reply(error.message, ToolOutcome::error);
      case ErrorCode::cancelled:
        return text_reply("The call was stopped before it answered.", ToolOutcome::error);
      case ErrorCode::deadline_exceeded:
        return text_reply("The call did not answer in time; it may have had effects.", ToolOutcome::error);
      default:
        return as_unavailable(error);
    }
  }

  void remember_boot_id(const Json& result_meta) {
    std::string boot_id = get_string(result_meta, meta::kBootId);
    if (boot_id.empty()) return;
    std::lock_guard lock(mutex_);
    boot_id_ = std::move(boot_id);
  }

  Client& client_;
  mutable std::mutex mutex_;  // guards boot_id_
  std::string boot_id_;
};

}  // namespace

std::unique_ptr<ToolBox> make_toolbox(Client& client) { return std::make_unique<McpToolBox>(client); }

}  // namespace ottobot::mcp
