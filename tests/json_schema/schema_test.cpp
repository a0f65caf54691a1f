#include "json_schema/schema.hpp"

#include <gtest/gtest.h>

namespace ottobot::json_schema {
namespace {

// "path text" of each issue, with the kind where it is not a mismatch.
std::vector<std::string> issues_of(const Json& schema, const Json& value, std::size_t max_issues = 8) {
  const auto compiled = Schema::compile(schema);
  if (!compiled) return {"does not compile: " + compiled.error().message};
  std::vector<std::string> lines;
  for (const Issue& issue : compiled->check(value, max_issues)) {
    const char* kind =
        issue.kind == Issue::Kind::missing ? "missing " : (issue.kind == Issue::Kind::unknown ? "unknown " : "");
    lines.push_back(kind + issue.path + " " + issue.text);
  }
  return lines;
}

std::string compile_error(const Json& schema) {
  const auto compiled = Schema::compile(schema);
  return compiled ? "" : compiled.error().message;
}

const Json kFile = {{"type", "object"},
                    {"properties",
                     {{"path", {{"type", "string"}, {"minLength", 1}}},
                      {"lines", {{"type", "array"}, {"items", {{"type", "integer"}, {"minimum", 1}}}}},
                      {"mode", {{"enum", {"text", "binary"}}}}}},
                    {"required", {"path"}},
                    {"additionalProperties", false}};

TEST(Schema, NamesThePlaceWhatWasGivenAndWhatIsExpected) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(issues_of(kFile, {{"path", "x"}, {"lines", {1, 2.0}}}), Lines{});
  EXPECT_EQ(issues_of(kFile, {{"path", 5}}), Lines{"path must be a string, not the number 5"});
  EXPECT_EQ(issues_of(kFile, {{"path", ""}}), Lines{"path must have at least 1 characters, not 0"});
  EXPECT_EQ(issues_of(kFile, {{"path", "x"}, {"lines", {1, "2", 0}}}),
            (Lines{"lines[1] must be an integer, not the string \"2\"", "lines[2] must be at least 1, not 0"}));
  EXPECT_EQ(issues_of(kFile, {{"path", "x"}, {"mode", "txt"}}),
            Lines{"mode must be one of \"text\", \"binary\", not the string \"txt\""});
  EXPECT_EQ(issues_of(kFile, Json::array()), Lines{" must be an object, not an array of 0 items"});
}

TEST(Schema, TellsMissingFromUnknownAndGuessesWhatWasMeant) {
  EXPECT_EQ(issues_of(kFile, {{"pth", "x"}, {"colour", 1}}),
            (std::vector<std::string>{"missing path a string", "unknown colour ", "unknown pth path"}));
}

TEST(Schema, CollectsNoMoreIssuesThanAskedFor) {
  Json many = Json::array();
  for (int i = 0; i < 1000; ++i) many.push_back("wrong");
  EXPECT_EQ(issues_of(kFile, {{"path", "x"}, {"lines", many}}, 3).size(), 3u);
}

TEST(Schema, ReportsTheAlternativeThatComesNearest) {
  const Json schema = {{"anyOf",
                        {{{"type", "string"}},
                         {{"type", "object"}, {"properties", {{"url", {{"type", "string"}}}}}, {"required", {"url"}}},
                         {{"type", "object"}, {"required", {"a", "b", "c"}}}}}};
  EXPECT_EQ(issues_of(schema, {{"url", 5}}), std::vector<std::string>{"url must be a string, not the number 5"});
  EXPECT_EQ(issues_of(schema, 5), std::vector<std::string>{" must be a string or an object, not the number 5"});
}

TEST(Schema, CutsLongValuesBetweenCharacters) {
  const auto lines = issues_of({{"type", "integer"}}, std::string(500, 'x') + "é");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_LT(lines[0].size(), 120u);
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "é";
  EXPECT_TRUE(utf8_length(issues_of({{"type", "integer"}}, wide)[0]));
}

TEST(Schema, LengthsCountCodePoints) {
  const Json schema = {{"minLength", 2}, {"maxLength", 2}};
  EXPECT_TRUE(issues_of(schema, "\U0001F600\U0001F600").empty());
  EXPECT_FALSE(issues_of(schema, "\U0001F600").empty());
}

TEST(Schema, NeverLooksFurtherThanWhatItWasGiven) {
  EXPECT_EQ(compile_error({{"$ref", "http://127.0.0.1:9/schema.json"}}),
            "$ref \"http://127.0.0.1:9/schema.json\" leads nowhere");
  EXPECT_NE(compile_error({{"$ref", "file:///etc/passwd"}}), "");
  EXPECT_NE(compile_error({{"$ref", "#/$defs/absent"}}), "");
  EXPECT_NE(compile_error({{"$dynamicRef", "#absent"}}), "");
}

TEST(Schema, SaysWhereASchemaIsWrong) {
  EXPECT_EQ(compile_error({{"properties", {{"a", {{"type", "text"}}}}}}),
            "in the schema, /properties/a/type must name null, boolean, integer, number, string, array or object");
  EXPECT_EQ(compile_error({{"items", {{"minimum", "1"}}}}), "in the schema, /items/minimum must be a number");
  for (const Json& bad : {Json{{"type", Json::array()}}, Json{{"minLength", -1}}, Json{{"multipleOf", 0}},
                          Json{{"required", "path"}}, Json{{"required", {1}}}, Json{{"pattern", "("}},
                          Json{{"properties", Json::array()}}, Json{{"anyOf", Json::object()}}, Json{{"enum", 5}},
                          Json{{"$ref", 5}}, Json{{"items", 5}}, Json("text"), Json(nullptr), Json(5)}) {
    EXPECT_NE(compile_error(bad), "") << bad;
  }
}

TEST(Schema, UnderstandsFormsOfOlderDrafts) {
  const Json old = {
      {"$schema", "http://json-schema.org/draft-07/schema#"},
      {"definitions", {{"name", {{"type", "string"}}}}},
      {"properties",
       {{"who", {{"$ref", "#/definitions/name"}}},
        {"pair", {{"items", {{{"type", "integer"}}, {{"type", "string"}}}}, {"additionalItems", false}}}}},
      {"dependencies", {{"who", {"pair"}}}}};
  EXPECT_TRUE(issues_of(old, {{"who", "me"}, {"pair", {1, "a"}}}).empty());
  EXPECT_FALSE(issues_of(old, {{"who", "me"}}).empty());
  EXPECT_FALSE(issues_of(old, {{"who", 1}, {"pair", {1, "a"}}}).empty());
  EXPECT_FALSE(issues_of(old, {{"pair", {1, "a", 2}}}).empty());
}

TEST(Schema, EndsOnSchemasThatReferToThemselvesForEver) {
  EXPECT_EQ(issues_of({{"$ref", "#"}}, 1).size(), 1u);
  EXPECT_EQ(issues_of({{"not", {{"$ref", "#"}}}}, 1).size(), 1u);
  EXPECT_EQ(
      issues_of({{"$defs", {{"a", {{"$ref", "#/$defs/b"}}}, {"b", {{"$ref", "#/$defs/a"}}}}}, {"$ref", "#/$defs/a"}}, 1)
          .size(),
      1u);
}

// Without a bound this is 4^200 steps.
TEST(Schema, EndsOnSchemasThatMultiply) {
  const Json again = {{"$ref", "#"}};
  const Json schema = {{"anyOf", {again, again, again, again}}};
  EXPECT_EQ(issues_of(schema, 1), std::vector<std::string>{" is too large or too deeply nested to be checked"});
}

TEST(Schema, TakesDeepAndLongDefinitionsWithoutRecursion) {
  Json schema = {{"$defs", Json::object()}, {"$ref", "#/$defs/0"}};
  for (int i = 0; i < 20000; ++i)
    schema["$defs"][std::to_string(i)] = {{"properties", {{"next", {{"$ref", "#/$defs/" + std::to_string(i + 1)}}}}}};
  schema["$defs"]["20000"] = true;
  EXPECT_EQ(compile_error(schema), "");
  Json deep = {{"type", "object"}};
  for (int i = 0; i < 5000; ++i) deep = {{"not", deep}};
  EXPECT_EQ(compile_error(deep), "the schema is nested too deeply");
}

TEST(Schema, TakesTreesAsDeepAsAnyMessageMayBe) {
  const Json schema = {{"type", "object"}, {"properties", {{"child", {{"$ref", "#"}}}}}};
  Json tree = Json::object();
  for (int i = 0; i < 190; ++i) tree = {{"child", tree}};
  EXPECT_TRUE(issues_of(schema, tree).empty());
}

TEST(Schema, ChecksSchemasAgainstTheSpecificationsOwn) {
  const Json meta = {{"$ref", "https://json-schema.org/draft/2020-12/schema"}};
  EXPECT_TRUE(issues_of(meta, kFile).empty());
  EXPECT_FALSE(issues_of(meta, {{"properties", {{"a", {{"type", 5}}}}}}).empty());
}

}  // namespace
}  // namespace ottobot::json_schema
