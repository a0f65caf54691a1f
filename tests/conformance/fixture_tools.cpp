#include "conformance/fixture_tools.hpp"

#include "ottobot/clock.hpp"

namespace ottobot::conformance {

namespace {

using mcp::CallToolResult;
using mcp::ToolCall;

constexpr std::chrono::milliseconds kPause{50};
constexpr const char* kPng =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
constexpr const char* kWav = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA==";

Json text_block(const char* text) { return {{"type", "text"}, {"text", text}}; }
Json image_block() { return {{"type", "image"}, {"data", kPng}, {"mimeType", "image/png"}}; }

Json resource_block(const char* uri, const char* mime_type, const char* text) {
  return {{"type", "resource"}, {"resource", {{"uri", uri}, {"mimeType", mime_type}, {"text", text}}}};
}

CallToolResult result_of(std::initializer_list<Json> blocks) {
  CallToolResult result;
  for (const Json& block : blocks) result.content.push_back(block);
  return result;
}

mcp::Tool tool(std::string name, std::string description, Json properties = Json::object()) {
  mcp::Tool made;
  made.name = std::move(name);
  made.description = std::move(description);
  made.input_schema = {{"type", "object"}, {"properties", std::move(properties)}};
  return made;
}

Result<CallToolResult> report_progress(ToolCall& call, const CallContext& ctx) {
  for (const double done : {0.0, 50.0, 100.0}) {
    call.progress(done, 100, "Completed step " + std::to_string(static_cast<int>(done)) + " of 100");
    if (auto slept = system_clock().sleep_for(kPause, ctx); !slept) return fail(slept.error());
  }
  return result_of({text_block("Done")});
}

Result<CallToolResult> write_log(ToolCall& call, const CallContext& ctx) {
  for (const char* line : {"Tool execution started", "Tool processing data", "Tool execution completed"}) {
    call.log(mcp::LoggingLevel::info, line);
    if (auto slept = system_clock().sleep_for(kPause, ctx); !slept) return fail(slept.error());
  }
  return result_of({text_block("Logged")});
}

// The suite's own input schema of JSON Schema 2020-12.
mcp::Tool schema_tool() {
  const Json text = {{"type", "string"}};
  mcp::Tool made = tool("json_schema_2020_12_tool", "Tool with JSON Schema 2020-12 features");
  made.input_schema = {
      {"$schema", "https://json-schema.org/draft/2020-12/schema"},
      {"type", "object"},
      {"$defs",
       {{"address",
         {{"$anchor", "addressDef"}, {"type", "object"}, {"properties", {{"street", text}, {"city", text}}}}}}},
      {"properties",
       {{"name", text},
        {"address", {{"$ref", "#/$defs/address"}}},
        {"contactMethod", {{"type", "string"}, {"enum", {"phone", "email"}}}},
        {"phone", text},
        {"email", text}}},
      {"allOf", Json::array({{{"anyOf", Json::array({{{"required", {"phone"}}}, {{"required", {"email"}}}})}}})},
      {"if", {{"properties", {{"contactMethod", {{"const", "phone"}}}}}, {"required", {"contactMethod"}}}},
      {"then", {{"required", {"phone"}}}},
      {"else", {{"required", {"email"}}}},
      {"additionalProperties", false}};
  return made;
}

mcp::Tool sampling_tool() {
  mcp::Tool made = tool("test_missing_capability", "Needs a client that declares sampling");
  made.needed_capabilities = {{"sampling", Json::object()}};
  return made;
}

mcp::ToolHandler always(CallToolResult result) {
  return [result = std::move(result)](ToolCall&, const CallContext&) -> Result<CallToolResult> { return result; };
}

}  // namespace

Result<void> add_fixture_tools(mcp::Server& server) {
  const Json text = text_block("This is a simple text response for testing.");
  const Json audio = {{"type", "audio"}, {"data", kWav}, {"mimeType", "audio/wav"}};
  const Json resource =
      resource_block("test://embedded-resource", "text/plain", "This is an embedded resource content.");
  const Json mixed =
      resource_block("test://mixed-content-resource", "application/json", "{\"test\":\"data\",\"value\":123}");
  const Json region = {{"region", {{"type", "string"}, {"x-mcp-header", "Region"}}}};
  struct Fixture {
    mcp::Tool tool;
    mcp::ToolHandler handler;
  };
  std::vector<Fixture> fixtures{
      {tool("test_simple_text", "Answers with text"), always(result_of({text}))},
      {tool("test_image_content", "Answers with an image"), always(result_of({image_block()}))},
      {tool("test_audio_content", "Answers with audio"), always(result_of({audio}))},
      {tool("test_embedded_resource", "Answers with a resource"), always(result_of({resource}))},
      {tool("test_multiple_content_types", "Answers with text, an image and a resource"),
       always(result_of({text_block("Multiple content types test:"), image_block(), mixed}))},
      {tool("test_tool_with_logging", "Logs three lines"), write_log},
      {tool("test_logging_tool", "Logs three lines"), write_log},
      {tool("test_tool_with_progress", "Reports progress three times"), report_progress},
      {tool("test_error_handling", "Always fails"),
       always(mcp::error_result("This tool intentionally returns an error for testing"))},
      {schema_tool(), always(result_of({text_block("ok")}))},
      {sampling_tool(), always(result_of({text_block("ok")}))},
      {tool("test_x_mcp_header", "Has an argument that is repeated as a header", region),
       always(result_of({text_block("ok")}))},
  };
  for (Fixture& fixture : fixtures) {
    if (auto added = server.add_tool(std::move(fixture.tool), std::move(fixture.handler)); !added) return added;
  }
  return {};
}

}  // namespace ottobot::conformance
