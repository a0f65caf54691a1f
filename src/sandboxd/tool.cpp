#include "sandboxd/tool.hpp"

#include <cmath>

namespace ottobot::sandboxd {

mcp::Tool describe_tool(std::string name, std::string description, const std::vector<Argument>& arguments,
                        const mcp::ToolAnnotations& annotations) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Argument& argument : arguments) {
    properties[argument.name] = {{"type", argument.type}, {"description", argument.description}};
    if (argument.minimum) {
      const double least = *argument.minimum;
      properties[argument.name]["minimum"] =
          std::trunc(least) == least ? Json(static_cast<std::int64_t>(least)) : Json(least);
    }
    if (argument.required) required.push_back(argument.name);
  }
  mcp::Tool tool;
  tool.name = std::move(name);
  tool.description = std::move(description);
  tool.input_schema = {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) tool.input_schema["required"] = std::move(required);
  tool.annotations = annotations;
  return tool;
}

std::optional<Workspace> outputs_named_by(const ToolWorld& world, std::string_view path) {
  const std::string& folder = world.output_folder;
  if (folder.empty() || path.size() <= folder.size() || path.substr(0, folder.size()) != folder) return std::nullopt;
  if (path[folder.size()] != '/') return std::nullopt;
  auto outputs = Workspace::open(folder);
  if (!outputs) return std::nullopt;
  return std::move(*outputs);
}

Result<std::string> required_string(const Json& args, const char* name) {
  const Json* value = find_member(args, name);
  if (value == nullptr || !value->is_string()) return invalid_field(name, "must be a string");
  return value->get<std::string>();
}

}  // namespace ottobot::sandboxd
