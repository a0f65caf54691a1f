#include "mcp/param_headers.hpp"

#include <map>

#include <gtest/gtest.h>

namespace ottobot::mcp {
namespace {

Json schema_of(Json properties) { return {{"type", "object"}, {"properties", std::move(properties)}}; }
Json annotated(const char* type, Json header) { return {{"type", type}, {"x-mcp-header", std::move(header)}}; }

const Json kSchema = schema_of({{"region", annotated("string", "Region")},
                                {"limit", annotated("integer", "Limit")},
                                {"dry", annotated("boolean", "Dry")},
                                {"deep", schema_of({{"key", annotated("string", "Key")}})},
                                {"other", {{"type", "string"}}}});

std::map<std::string, std::string> headers_of(const Json& args) {
  const auto annotated_params = find_param_headers(kSchema).value();
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : encode_param_headers(annotated_params, args)) headers[name] = value;
  return headers;
}

int check(const std::map<std::string, std::string>& headers, const Json& args) {
  const auto checked = check_param_headers(
      find_param_headers(kSchema).value(), args, [&headers](std::string_view name) -> std::optional<std::string_view> {
        const auto found = headers.find(std::string(name));
        return found == headers.end() ? std::nullopt : std::optional<std::string_view>(found->second);
      });
  return checked ? 0 : checked.error().code;
}

TEST(ParamHeaders, RepeatWhatIsAnnotatedAndGiven) {
  using Headers = std::map<std::string, std::string>;
  EXPECT_EQ(
      headers_of({{"region", "us-west1"}, {"limit", 42}, {"dry", false}, {"other", "x"}, {"deep", {{"key", "k"}}}}),
      (Headers{{"Mcp-Param-Region", "us-west1"},
               {"Mcp-Param-Limit", "42"},
               {"Mcp-Param-Dry", "false"},
               {"Mcp-Param-Key", "k"}}));
  EXPECT_EQ(headers_of({{"region", nullptr}}), Headers{});
  EXPECT_EQ(headers_of({{"region", ""}, {"limit", 7.0}}),
            (Headers{{"Mcp-Param-Region", ""}, {"Mcp-Param-Limit", "7"}}));
  EXPECT_EQ(headers_of({{"region", "世"}}), (Headers{{"Mcp-Param-Region", "=?base64?5LiW?="}}));
  EXPECT_EQ(headers_of({{"limit", 1.5}, {"dry", Json::array()}}), Headers{});
}

TEST(ParamHeaders, MustSayWhatTheArgumentsSay) {
  const Json args = {{"region", "a b"}, {"limit", 42}};
  EXPECT_EQ(check({{"Mcp-Param-Region", "a b"}, {"Mcp-Param-Limit", "42"}}, args), 0);
  EXPECT_EQ(check({{"Mcp-Param-Region", "=?base64?YSBi?="}, {"Mcp-Param-Limit", "42.0"}}, args), 0);
  EXPECT_EQ(check({{"Mcp-Param-Region", "a b"}}, args), -32020);
  EXPECT_EQ(check({{"Mcp-Param-Region", "other"}, {"Mcp-Param-Limit", "42"}}, args), -32020);
  EXPECT_EQ(check({{"Mcp-Param-Region", "=?base64?***?="}, {"Mcp-Param-Limit", "42"}}, args), -32020);
  EXPECT_EQ(check({{"Mcp-Param-Region", "a b"}, {"Mcp-Param-Limit", "42x"}}, args), -32020);
  EXPECT_EQ(check({}, {{"region", nullptr}}), 0);
  EXPECT_EQ(check({{"Mcp-Param-Region", "a"}}, Json::object()), -32020);
}

TEST(ParamHeaders, RefuseAnnotationsThatMayNotBe) {
  const std::vector<Json> bad{schema_of({{"a", annotated("string", "")}}),
                              schema_of({{"a", annotated("string", 5)}}),
                              schema_of({{"a", annotated("string", "two words")}}),
                              schema_of({{"a", annotated("string", "a:b")}}),
                              schema_of({{"a", annotated("string", "línea")}}),
                              schema_of({{"a", annotated("string", "a\r\nb")}}),
                              schema_of({{"a", annotated("number", "A")}}),
                              schema_of({{"a", annotated("object", "A")}}),
                              schema_of({{"a", annotated("null", "A")}}),
                              schema_of({{"a", annotated("string", "Same")}, {"b", annotated("string", "sAME")}}),
                              schema_of({{"a", {{"type", "array"}, {"items", annotated("string", "A")}}}}),
                              schema_of({{"a", {{"anyOf", {annotated("string", "A")}}}}}),
                              {{"type", "object"}, {"$defs", {{"a", annotated("string", "A")}}}},
                              {{"type", "object"}, {"x-mcp-header", "Top"}}};
  for (const Json& schema : bad) EXPECT_FALSE(find_param_headers(schema)) << schema;
}

TEST(ParamHeaders, AnArgumentThatIsNamedLikeTheAnnotationIsNone) {
  EXPECT_TRUE(find_param_headers(schema_of({{"x-mcp-header", {{"type", "string"}}}})).value().empty());
}

}  // namespace
}  // namespace ottobot::mcp
