#include <exception>
#include <memory>

#include "json_schema/tool_schema.hpp"
#include "ottobot/toolbox.hpp"

namespace ottobot {

FunctionToolBox& FunctionToolBox::add(ToolSpec spec, Function function) {
  ArgumentCheck check;
  if (!spec.input_schema.is_null()) {
    auto schema = json_schema::ToolSchema::compile(spec.name, spec.input_schema);
    if (!schema && !bad_schema_) bad_schema_ = schema.error();
    if (schema) {
      check = [compiled = std::make_shared<const json_schema::ToolSchema>(std::move(*schema))](const Json& args) {
        return compiled->find_argument_errors(args);
      };
    }
  }
  tools_.push_back({std::move(spec), std::move(function), std::move(check)});
  return *this;
}

Result<std::vector<ToolSpec>> FunctionToolBox::list_tools(const CallContext&) {
  if (bad_schema_) return fail(*bad_schema_);
  std::vector<ToolSpec> specs;
  specs.reserve(tools_.size());
  for (const Tool& tool : tools_) specs.push_back(tool.spec);
  return specs;
}

Result<ToolReply> FunctionToolBox::call_tool(const ToolCallParams& params, const ToolProgress&,
                                             const CallContext& ctx) {
  const Json none = Json::object();
  const Json& args = params.args.is_null() ? none : params.args;
  for (const Tool& tool : tools_) {
    if (tool.spec.name != params.name) continue;
    if (!args.is_object()) return text_reply("the arguments must be an object", ToolOutcome::error);
    try {
      if (auto errors = tool.check ? tool.check(args) : std::nullopt) {
        return text_reply(std::move(*errors), ToolOutcome::error);
      }
      auto reply = tool.function(args, ctx);
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

}  // namespace ottobot
