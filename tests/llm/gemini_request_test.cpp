#include "llm/gemini/request.hpp"

#include "llm/gemini/models.hpp"
#include "llm/gemini_rules.hpp"

namespace ottobot::llm::gemini {
namespace {

constexpr const char* kModel = "gemini-3-pro-preview";

Message user(const std::string& text) { return {Role::user, {TextPart{text, nullptr}}}; }
Message model_text(const std::string& text, Json opaque = nullptr) {
  return {Role::model, {TextPart{text, std::move(opaque)}}};
}
ToolCallPart call(const std::string& id, const std::string& name, Json opaque = nullptr) {
  return {id, "", name, {{"of", id}}, std::move(opaque)};
}
ToolResultPart result(const std::string& id, const std::string& name, const std::string& text,
                      ToolOutcome outcome = ToolOutcome::ok) {
  return {id, "", name, outcome, Json::array({{{"type", "text"}, {"text", text}}}), nullptr};
}

Json build(const std::vector<Message>& messages, const std::string& model = kModel) {
  CompletionParams params;
  params.model = model;
  params.messages = messages;
  const Json request = build_request(params);
  // Whatever the conversation was, the request must be one that the API takes.
  EXPECT_EQ(ottobot::testing::GeminiRules().check(request, checks_signatures(model)), std::nullopt) << request.dump(1);
  return request;
}

std::vector<std::string> roles(const Json& request) {
  std::vector<std::string> names;
  for (const Json& content : request["contents"]) names.push_back(content["role"]);
  return names;
}

TEST(GeminiRequest, HoldsSystemToolsAndSettings) {
  const std::vector<Message> messages = {user("hi")};
  const std::vector<ToolSpec> tools = {
      {"run it!", "Runs.", {{"$schema", "x"}, {"properties", {{"cmd", {{"type", "string"}}}}}}, false}};
  CompletionParams params;
  params.model = "models/gemini-2.5-flash";
  params.system = "Be brief.";
  params.messages = messages;
  params.tools = tools;
  params.max_output_tokens = 99;
  params.temperature = 0.5;
  const Json request = build_request(params);
  EXPECT_EQ(ottobot::testing::GeminiRules().check(request, false), std::nullopt);
  EXPECT_EQ(request["systemInstruction"]["parts"][0]["text"], "Be brief.");
  EXPECT_EQ(request["generationConfig"],
            Json({{"maxOutputTokens", 99}, {"temperature", 0.5}, {"thinkingConfig", {{"includeThoughts", true}}}}));
  const Json& function = request["tools"][0]["functionDeclarations"][0];
  EXPECT_EQ(function["name"], function_name("run it!"));
  EXPECT_EQ(function["parametersJsonSchema"]["type"], "object");
  EXPECT_FALSE(function["parametersJsonSchema"].contains("$schema"));
}

TEST(GeminiRequest, SaysOfAToolsSchemaWhatTheApiKnows) {
  const std::vector<Message> messages = {user("hi")};
  const Json schema = Json::parse(R"({
    "$schema": "x", "additionalProperties": false, "required": ["a"], "minProperties": 1,
    "definitions": {"n": {"type": "integer", "exclusiveMinimum": 0, "minimum": 1}},
    "properties": {
      "pattern": {"type": "string", "pattern": "^a", "minLength": 1, "description": "What.", "default": "abc"},
      "const": {"const": "yes"},
      "flag": {"enum": [true, false]},
      "list": {"type": "array", "items": {"$ref": "#/definitions/n", "title": "t"}, "uniqueItems": true},
      "either": {"oneOf": [{"type": "string", "multipleOf": 2}, {"enum": [1, 2]}]}}})");
  const std::vector<ToolSpec> tools = {{"f", "", schema, false}, {"g", "", nullptr, false}};
  CompletionParams params;
  params.model = kModel;
  params.messages = messages;
  params.tools = tools;
  const Json request = build_request(params);
  EXPECT_EQ(ottobot::testing::GeminiRules().check(request, true), std::nullopt);
  const Json& functions = request["tools"][0]["functionDeclarations"];
  EXPECT_EQ(functions[0]["parametersJsonSchema"], Json::parse(R"({
    "type": "object", "additionalProperties": false, "required": ["a"],
    "$defs": {"n": {"type": "integer", "minimum": 1}},
    "properties": {
      "pattern": {"type": "string", "description": "What. Default: \"abc\""},
      "const": {"enum": ["yes"]},
      "flag": {},
      "list": {"type": "array", "items": {"$ref": "#/$defs/n"}},
      "either": {"oneOf": [{"type": "string"}, {"enum": [1, 2]}]}}})"));
  EXPECT_EQ(functions[1]["parametersJsonSchema"], Json({{"type", "object"}}));
}

TEST(GeminiRequest, AsksForThoughtsOnlyWhereThereAreSome) {
  const std::vector<Message> messages = {user("hi")};
  CompletionParams params;
  params.messages = messages;
  params.model = "gemini-2.0-flash";
  EXPECT_FALSE(build_request(params).contains("generationConfig"));
  params.model = kModel;
  EXPECT_TRUE(build_request(params)["generationConfig"].contains("thinkingConfig"));
  params.thinking = false;
  EXPECT_FALSE(build_request(params).contains("generationConfig"));
}

TEST(GeminiRequest, AnswersParallelCallsInOneContentAndInCallOrder) {
  const Json request = build({user("go"),
                              {Role::model, {call("1", "a"), call("2", "a"), call("3", "b")}},
                              {Role::user, {result("3", "b", "three")}},
                              {Role::user, {result("1", "a", "one", ToolOutcome::error)}}});
  EXPECT_EQ(roles(request), (std::vector<std::string>{"user", "model", "user"}));
  const Json& parts = request["contents"][2]["parts"];
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0]["functionResponse"]["response"], Json({{"error", "one"}}));
  EXPECT_TRUE(parts[1]["functionResponse"]["response"].contains("error"));
  EXPECT_EQ(parts[2]["functionResponse"]["response"], Json({{"output", "three"}}));
}

TEST(GeminiRequest, DropsOrphansAndEmptyPartsAndMergesRoles) {
  const Json request = build({{Role::user, {result("9", "x", "orphan")}},
                              model_text("first"),
                              {Role::user, {result("9", "x", "orphan"), TextPart{"", nullptr}}},
                              model_text("second"),
                              {Role::model, {ThinkingPart{"private", nullptr}}}});
  EXPECT_EQ(roles(request), (std::vector<std::string>{"user", "model", "user"}));
  EXPECT_EQ(request["contents"][1]["parts"].size(), 2u);
  EXPECT_EQ(request.dump().find("orphan"), std::string::npos);
  EXPECT_EQ(request.dump().find("private"), std::string::npos);
}

TEST(GeminiRequest, AnEmptyConversationIsStillARequest) {
  EXPECT_EQ(roles(build({})), std::vector<std::string>{"user"});
}

TEST(GeminiRequest, EchoesSignaturesInTheirPartsOnly) {
  const Json request = build({user("go"),
                              {Role::model,
                               {ThinkingPart{"why", make_opaque("s0", kModel)}, TextPart{"text", nullptr},
                                call("1", "a", make_opaque("s1", kModel)), call("2", "b")}},
                              {Role::user, {result("1", "a", "x"), result("2", "b", "y")}},
                              {Role::model, {TextPart{"done", nullptr}, TextPart{"", make_opaque("s2", kModel)}}},
                              user("more")},
                             "gemini-3-flash-preview");
  // Made by another model: nothing of it is used.
  EXPECT_EQ(request.dump().find("s0"), std::string::npos);
  EXPECT_EQ(request["contents"][1]["parts"][1]["thoughtSignature"], kSkipSignature);
  CompletionParams params;
  const std::vector<Message> messages = {user("go"),
                                         {Role::model,
                                          {ThinkingPart{"why", make_opaque("s0", kModel)}, TextPart{"text", nullptr},
                                           call("1", "a", make_opaque("s1", kModel)), call("2", "b")}}};
  params.model = kModel;
  params.messages = messages;
  const Json own = build_request(params)["contents"][1]["parts"];
  EXPECT_EQ(own[0], Json({{"text", "why"}, {"thought", true}, {"thoughtSignature", "s0"}}));
  EXPECT_FALSE(own[1].contains("thoughtSignature"));
  EXPECT_EQ(own[2]["thoughtSignature"], "s1");
  EXPECT_FALSE(own[3].contains("thoughtSignature"));
}

TEST(GeminiRequest, SendsAnIdOnlyWhereTheVendorGaveOne) {
  ToolCallPart with = call("1", "a"), without = call("2", "b");
  with.provider_id = "v1";
  ToolResultPart answer = result("1", "a", "x");
  answer.provider_id = "v1";
  CompletionParams params;
  const std::vector<Message> messages = {
      user("go"), {Role::model, {with, without}}, {Role::user, {answer, result("2", "b", "y")}}};
  params.model = kModel;
  params.messages = messages;
  const Json contents = build_request(params)["contents"];
  EXPECT_EQ(contents[1]["parts"][0]["functionCall"]["id"], "v1");
  EXPECT_EQ(contents[2]["parts"][0]["functionResponse"]["id"], "v1");
  EXPECT_FALSE(contents[1]["parts"][1]["functionCall"].contains("id"));
  EXPECT_FALSE(contents[2]["parts"][1]["functionResponse"].contains("id"));
}

TEST(GeminiRequest, PutsImagesOfResultsWhereTheModelTakesThem) {
  ToolResultPart shot = result("1", "shot", "here");
  shot.content.push_back({{"type", "image"}, {"data", "QUJD"}, {"mimeType", "image/png"}});
  const std::vector<Message> messages = {
      user("go"), {Role::model, {call("1", "shot"), call("2", "b")}}, {Role::user, {shot, result("2", "b", "y")}}};
  const Json blob = {{"inlineData", {{"mimeType", "image/png"}, {"data", "QUJD"}}}};
  EXPECT_EQ(build(messages)["contents"][2]["parts"][0]["functionResponse"]["parts"], Json::array({blob}));
  const Json older = build(messages, "gemini-2.5-pro")["contents"][2]["parts"];
  ASSERT_EQ(older.size(), 3u);
  EXPECT_FALSE(older[0]["functionResponse"].contains("parts"));
  EXPECT_EQ(older[2], blob);
}

TEST(GeminiRequest, LeavesOutTheOldestImagesWhenThereAreTooMany) {
  std::vector<Message> messages{user("go")};
  for (const char* id : {"1", "2", "3"}) {
    ToolResultPart shot = result(id, "shot", std::string("picture ") + id);
    shot.content.push_back({{"type", "image"}, {"data", std::string(5U << 20U, id[0])}, {"mimeType", "image/png"}});
    messages.push_back({Role::model, {call(id, "shot")}});
    messages.push_back({Role::user, {shot}});
  }
  const Json contents = build(messages)["contents"];
  ASSERT_EQ(contents.size(), 7u);
  const Json& oldest = contents[2]["parts"][0]["functionResponse"];
  EXPECT_FALSE(oldest.contains("parts"));
  EXPECT_EQ(oldest["response"]["output"], "picture 1\n[an earlier image, left out here]");
  for (const std::size_t newer : {4, 6}) {
    const Json& kept = contents[newer]["parts"][0]["functionResponse"];
    EXPECT_EQ(kept["parts"].size(), 1u);
    EXPECT_EQ(kept["response"]["output"], "picture " + std::to_string(newer / 2));
  }
}

TEST(GeminiRules, AreProvedToRefuse) {
  ottobot::testing::GeminiRules rules;
  const auto text_content = [](const char* role, const char* text) {
    return Json({{"role", role}, {"parts", Json::array({{{"text", text}}})}});
  };
  const Json hello = text_content("user", "hi");
  const Json calls = {{"role", "model"},
                      {"parts", Json::array({{{"functionCall", {{"name", "f"}, {"args", Json::object()}}}}})}};
  const auto check = [&](Json contents) { return rules.check({{"contents", std::move(contents)}}, true).value_or(""); };
  using ::testing::HasSubstr;
  EXPECT_EQ(check(Json::array({hello})), "");
  EXPECT_THAT(check(Json::array()), HasSubstr("contents is not specified"));
  EXPECT_THAT(check(Json::array({text_content("tool", "hi")})), HasSubstr("valid role"));
  EXPECT_THAT(check(Json::array({hello, calls, hello})), HasSubstr("number of function response parts"));
  EXPECT_THAT(check(Json::array({hello, text_content("model", "x")})), HasSubstr("end with a user role"));
  EXPECT_THAT(rules.check({{"contents", Json::array({hello})}, {"extra", 1}}, true).value_or(""),
              HasSubstr("Unknown name \"extra\""));
  const Json response = {
      {"role", "user"},
      {"parts", Json::array({{{"functionResponse", {{"name", "f"}, {"response", {{"output", "x"}}}}}}})}};
  EXPECT_THAT(check(Json::array({hello, calls, response})), HasSubstr("missing a thought_signature"));
  Json forged = calls;
  forged["parts"][0]["thoughtSignature"] = "made up";
  EXPECT_THAT(check(Json::array({hello, forged, response})), HasSubstr("Corrupted"));
}

}  // namespace
}  // namespace ottobot::llm::gemini
