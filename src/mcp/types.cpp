#include "ottobot/mcp/types.hpp"

#include "mcp/implementation.hpp"

namespace ottobot::mcp {

namespace {

Json to_json(const ToolAnnotations& annotations) {
  return {{"readOnlyHint", annotations.read_only},
          {"destructiveHint", annotations.destructive},
          {"idempotentHint", annotations.idempotent},
          {"openWorldHint", annotations.open_world}};
}

ToolAnnotations annotations_from_json(const Json& json) {
  ToolAnnotations annotations;
  annotations.read_only = get_bool(json, "readOnlyHint", annotations.read_only);
  annotations.destructive = get_bool(json, "destructiveHint", annotations.destructive);
  annotations.idempotent = get_bool(json, "idempotentHint", annotations.idempotent);
  annotations.open_world = get_bool(json, "openWorldHint", annotations.open_world);
  return annotations;
}

CallToolResult text_block(std::string text, bool is_error) {
  CallToolResult result;
  result.content.push_back({{"type", "text"}, {"text", std::move(text)}});
  result.is_error = is_error;
  return result;
}

}  // namespace

Json to_json(const Implementation& info) { return {{"name", info.name}, {"version", info.version}}; }

Implementation implementation_from_json(const Json& json) {
  return {get_string(json, "name"), get_string(json, "version")};
}

Json to_json(const Tool& tool) {
  Json json = {{"name", tool.name}, {"inputSchema", tool.input_schema}, {"annotations", to_json(tool.annotations)}};
  if (!tool.title.empty()) json["title"] = tool.title;
  if (!tool.description.empty()) json["description"] = tool.description;
  if (!tool.output_schema.is_null()) json["outputSchema"] = tool.output_schema;
  return json;
}

Result<Tool> tool_from_json(const Json& json) {
  Tool tool;
  tool.name = get_string(json, "name");
  if (tool.name.empty()) return internal_error("the MCP server lists a tool without a name");
  const Json* schema = find_member(json, "inputSchema");
  if (!schema || !schema->is_object()) {
    return internal_error("the MCP server lists tool " + tool.name + " without an inputSchema object");
  }
  tool.input_schema = *schema;
  tool.title = get_string(json, "title");
  tool.description = get_string(json, "description");
  if (const Json* output = find_member(json, "outputSchema")) tool.output_schema = *output;
  if (const Json* annotations = find_member(json, "annotations"))
    tool.annotations = annotations_from_json(*annotations);
  return tool;
}

Json to_json(const CallToolResult& result) {
  Json json = {{"content", result.content}};
  if (!result.structured.is_null()) json["structuredContent"] = result.structured;
  if (result.is_error) json["isError"] = true;
  if (result.meta.is_object()) json["_meta"] = result.meta;
  return json;
}

Result<CallToolResult> call_tool_result_from_json(const Json& json) {
  CallToolResult result;
  const Json* content = find_member(json, "content");
  if (content && !content->is_array())
    return internal_error("the MCP server's tool result has content that is no array");
  if (content) result.content = *content;
  if (const Json* structured = find_member(json, "structuredContent")) result.structured = *structured;
  if (!content && result.structured.is_null()) return internal_error("the MCP server's tool result has no content");
  result.is_error = get_bool(json, "isError");
  if (const Json* meta = find_member(json, "_meta")) result.meta = *meta;
  return result;
}

CallToolResult text_result(std::string text) { return text_block(std::move(text), false); }

CallToolResult error_result(std::string text) { return text_block(std::move(text), true); }

}  // namespace ottobot::mcp
