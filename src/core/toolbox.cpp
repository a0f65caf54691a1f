#include "ottobot/toolbox.hpp"

#include <exception>

namespace ottobot {

FunctionToolBox& FunctionToolBox::add(ToolSpec spec, Function function) {
  tools_.push_back({std::move(spec), std::move(function)});
  return *this;
}

Result<std::vector<ToolSpec>> FunctionToolBox::list_tools(const CallContext&) {
  std::vector<ToolSpec> specs;
  specs.reserve(tools_.size());
  for (const Tool& tool : tools_) specs.push_back(tool.spec);
  return specs;
}

Result<ToolReply> FunctionToolBox::call_tool(const ToolCallParams& params, const ToolProgress&,
                                             const CallContext& ctx) {
  for (const Tool& tool : tools_) {
    if (tool.spec.name != params.name) continue;
    try {
      auto reply = tool.function(params.args, ctx);
      if (reply) return reply;
      const Error& error = reply.error();
      return text_reply(error.hint.empty() ? error.message : error.message + "\nHint: " + error.hint,
                        ToolOutcome::error);
    } catch (const std::exception& e) {
      return text_reply(std::string("the tool threw: ") + e.what(), ToolOutcome::error);
    }
  }
  return text_reply("there is no tool '" + params.name + "'", ToolOutcome::error);
}

void FunctionToolBox::acknowledge(const std::vector<std::string>&) {}

std::string FunctionToolBox::boot_id() const { return boot_id_; }

ToolReply text_reply(std::string text, ToolOutcome outcome) {
  return {outcome, Json::array({{{"type", "text"}, {"text", std::move(text)}}}), nullptr};
}

}  // namespace ottobot
