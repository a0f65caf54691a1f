#include <set>

#include "api/api_fixture.hpp"
#include "json_schema/schema.hpp"

namespace ottobot::api::test {
namespace {

class Docs : public ApiTest {
 protected:
  Json description() { return json_of(get("/openapi.json")); }
};

// "/a/:id/*path" → "/a/{id}/{path}"
std::string in_openapi(const std::string& pattern) {
  std::string path;
  bool in_name = false;
  for (const char c : pattern) {
    if (c == '/' && in_name) path += '}';
    if (c == '/') in_name = false;
    if (c == ':' || c == '*') {
      in_name = true;
      path += '{';
    } else {
      path += c;
    }
  }
  return in_name ? path + '}' : path;
}

TEST_F(Docs, DescribeEveryRouteAndNoOther) {
  std::set<std::string> answered;
  for (const RouteName& route : api_->routes()) answered.insert(route.method + " " + in_openapi(route.pattern));
  std::set<std::string> described;
  const Json document = description();
  for (const auto& [path, item] : document["paths"].items()) {
    for (const char* method : {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}) {
      std::string key = method;
      std::transform(key.begin(), key.end(), key.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
      if (item.contains(key)) described.insert(std::string(method) + " " + path);
    }
  }
  EXPECT_EQ(described, answered);
  EXPECT_GT(described.size(), 15u);
}

TEST_F(Docs, KnowEveryTypeOfEvent) {
  const Json types = description()["components"]["schemas"]["Event"]["discriminator"]["mapping"];
  for (int type = 0; type <= static_cast<int>(EventType::log); ++type) {
    const Json shown = to_public_json({1, "e", static_cast<EventType>(type), 1, Json::object(), nullptr});
    EXPECT_TRUE(types.contains(get_string(shown, "type"))) << type;
  }
  EXPECT_FALSE(types.contains("delete_requested")) << "not one of the contract's";
}

TEST_F(Docs, DescribeEventsAsTheyAreMade) {
  const auto schema = json_schema::Schema::compile(
      {{"$ref", "#/components/schemas/Event"}, {"components", description()["components"]}});
  ASSERT_TRUE(schema) << schema.error().to_string();
  const Usage usage{10, 5, 1, 0.5};
  const NewEvent made[] = {
      events::session_created({"do it", "node", "scripted:demo", ""}),
      events::phase_changed(phase::kQueued, 0, "Session queued"),
      events::status_changed(SessionStatus::running, "a prompt"),
      events::user_prompt("do it", "c1"),
      events::model_call_started("demo", 1, "hash"),
      events::agent_thinking("hm"),
      events::agent_message({}, usage),
      events::tool_intent({}, "boot", true),
      events::tool_result({}),
      events::stop_requested("user"),
      events::delete_requested("user"),
      events::turn_finished({TurnOutcome::completed, 3, usage, {}}),
      events::turn_finished({TurnOutcome::failed, 3, usage, unavailable("the model is away", "wait").value()}),
      events::workspace_changed("http://localhost/download/x", {"a.txt"}),
      events::sandbox_lost("gone"),
      events::warning("careful"),
      events::log(LogLevel::warn, "line", {{"a", 1}}),
  };
  Seq seq = 0;
  for (const NewEvent& event : made) {
    const Json shown = to_public_json({++seq, event.id, event.type, 1, event.data, event.internal});
    EXPECT_TRUE(schema->accepts(shown)) << shown;
  }
  EXPECT_FALSE(
      schema->accepts({{"seq", 1}, {"id", "x"}, {"type", "nonsense"}, {"timestamp", 1}, {"data", Json::object()}}));
}

TEST_F(Docs, CarryTheRunningVersion) { EXPECT_EQ(description()["info"]["version"], "1.2.3"); }

TEST_F(Docs, ThePageNeedsNothingFromElsewhere) {
  const auto page = get("/docs");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.find("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.body.find("http://"), std::string::npos);
  EXPECT_EQ(page.body.find("https://"), std::string::npos);
  EXPECT_NE(page.body.find("</script>"), std::string::npos) << "it is whole";
  const auto swagger = get("/swagger");
  EXPECT_EQ(swagger.status, 302);
  EXPECT_EQ(swagger.headers.find("Location"), "docs");
}

}  // namespace
}  // namespace ottobot::api::test
