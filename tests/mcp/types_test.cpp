#include "ottobot/mcp/types.hpp"

namespace ottobot::mcp {
namespace {

TEST(McpTypes, AToolSurvivesTheWire) {
  Tool tool;
  tool.name = "read_file";
  tool.title = "Read a file";
  tool.description = "Reads";
  tool.input_schema = {{"type", "object"}, {"required", {"path"}}};
  tool.output_schema = {{"type", "object"}};
  tool.annotations = {true, false, true, false};
  const auto back = tool_from_json(to_json(tool));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(to_json(*back), to_json(tool));
  EXPECT_TRUE(back->annotations.read_only);
  EXPECT_FALSE(back->annotations.destructive);
}

TEST(McpTypes, AnnotationsDefaultToTheCautiousValuesOfTheSpecification) {
  const auto tool = tool_from_json({{"name", "x"}, {"inputSchema", Json::object()}});
  ASSERT_TRUE(tool.has_value());
  EXPECT_FALSE(tool->annotations.read_only);
  EXPECT_TRUE(tool->annotations.destructive);
  EXPECT_TRUE(tool->annotations.open_world);
}

TEST(McpTypes, ToolsWithoutNameOrSchemaAreRefused) {
  for (const Json& json : {Json(5), Json::object(), Json{{"name", "x"}}, Json{{"inputSchema", Json::object()}},
                           Json{{"name", "x"}, {"inputSchema", 5}}}) {
    EXPECT_FALSE(tool_from_json(json).has_value()) << json.dump();
  }
}

TEST(McpTypes, AResultSurvivesTheWire) {
  CallToolResult result = error_result("went wrong");
  result.structured = {{"exit_code", 1}};
  result.meta = {{meta::kBootId, "b"}};
  const auto back = call_tool_result_from_json(to_json(result));
  ASSERT_TRUE(back.has_value());
  EXPECT_TRUE(back->is_error);
  EXPECT_EQ(back->content.at(0).at("text"), "went wrong");
  EXPECT_EQ(back->structured, result.structured);
  EXPECT_EQ(back->meta, result.meta);
}

TEST(McpTypes, ResultsWithoutAnyContentAreRefused) {
  for (const Json& json : {Json(), Json::object(), Json{{"content", "text"}}, Json{{"isError", true}}}) {
    EXPECT_FALSE(call_tool_result_from_json(json).has_value()) << json.dump();
  }
}

}  // namespace
}  // namespace ottobot::mcp
