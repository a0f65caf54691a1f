#include <mutex>
#include <set>
#include <thread>

#include "api/api_fixture.hpp"
#include "net/raw_client.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::api::test {
namespace {

class SessionRoutes : public ApiTest {
 protected:
  std::vector<std::string> fields_named(const net::HttpResponse& response) {
    std::vector<std::string> names;
    const Json body = json_of(response);
    for (const Json& detail : body.value("details", Json::array())) names.push_back(get_string(detail, "field"));
    return names;
  }
};

TEST_F(SessionRoutes, CreateAnswersTheWholeContract) {
  const auto response = send("POST", "/session", R"({"initial_prompt":"Make a page","timeout":600})");
  ASSERT_EQ(response.status, 201) << response.body;
  const Json body = json_of(response);
  const std::string id = get_string(body, "session_id");
  EXPECT_TRUE(is_valid_id(id));
  EXPECT_EQ(body.size(), 7u) << body;
  EXPECT_EQ(body["status"], "initializing");
  EXPECT_EQ(body["initial_prompt"], "Make a page");
  const std::string origin = "127.0.0.1:" + std::to_string(port());
  EXPECT_EQ(body["chat_url"], "ws://" + origin + "/session/" + id + "/chat");
  EXPECT_EQ(body["vnc_url"], "http://" + origin + "/session/" + id +
                                 "/vnc/vnc.html?autoconnect=1&reconnect=1&resize=scale&path=session/" + id +
                                 "/vnc/websockify");
  const auto row = store_->get_session(id, with_timeout(std::chrono::seconds(5)));
  ASSERT_TRUE(row);
  EXPECT_EQ(body["created_at"], to_rfc3339(row->created_at));
  EXPECT_EQ(body["expires_at"], to_rfc3339(row->created_at + 600000));
}

TEST_F(SessionRoutes, TheSameIdempotencyKeyGivesTheSameAnswerAndAnotherBodyIsAConflict) {
  const std::string body = R"({"initial_prompt":"once"})";
  const auto first = send("POST", "/session", body, {{"Idempotency-Key", "k1"}});
  const auto again = send("POST", "/session", body, {{"Idempotency-Key", "k1"}});
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(send("POST", "/session", R"({"initial_prompt":"twice"})", {{"Idempotency-Key", "k1"}}).status, 409);
}

TEST_F(SessionRoutes, TheSameIdempotencyKeyAtTheSameTimeMakesOneSession) {
  std::vector<std::thread> clients;
  std::mutex mutex;
  std::set<std::string> answers;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      const auto response = send("POST", "/session", R"({"initial_prompt":"once"})", {{"Idempotency-Key", "race"}});
      std::lock_guard lock(mutex);
      answers.insert(std::to_string(response.status) + response.body);
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(answers.size(), 1u);
  EXPECT_TRUE(answers.begin()->starts_with("201")) << *answers.begin();
  EXPECT_EQ(json_of(get("/session"))["total"], 1);
}

TEST_F(SessionRoutes, BadBodiesAre400AndNameEveryField) {
  EXPECT_EQ(send("POST", "/session", "{\"initial_prompt\":").status, 400);
  EXPECT_EQ(send("POST", "/session", "[]").status, 400);
  EXPECT_EQ(send("POST", "/session", "").status, 400);
  EXPECT_EQ(send("POST", "/session", std::string(300, '[')).status, 400);
  const auto types =
      send("POST", "/session", R"({"initial_prompt":7,"timeout":"long","environment":[],"model":{},"image":1.5})");
  EXPECT_EQ(types.status, 400);
  EXPECT_EQ(fields_named(types),
            (std::vector<std::string>{"initial_prompt", "timeout", "environment", "model", "image"}));
  const std::pair<const char*, const char*> bad[] = {
      {R"({})", "initial_prompt"},
      {R"({"initial_prompt":""})", "initial_prompt"},
      {R"({"initial_prompt":null})", "initial_prompt"},
      {R"({"initial_prompt":"x","timeout":0})", "timeout"},
      {R"({"initial_prompt":"x","timeout":299})", "timeout"},
      {R"({"initial_prompt":"x","timeout":7201})", "timeout"},
      {R"({"initial_prompt":"x","timeout":600.5})", "timeout"},
      {R"({"initial_prompt":"x","timeout":18446744073709551615})", "timeout"},
      {R"({"initial_prompt":"x","environment":"cobol"})", "environment"},
      {R"({"initial_prompt":"x","environment":""})", "environment"},
      {R"({"initial_prompt":"x","model":"nonsense"})", "model"},
  };
  for (const auto& [body, field] : bad) {
    const auto response = send("POST", "/session", body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_EQ(fields_named(response), std::vector<std::string>{field}) << body << response.body;
    EXPECT_EQ(json_of(response)["error"], "Bad Request");
  }
}

TEST_F(SessionRoutes, OneAnswerNamesEveryWrongFieldWhateverIsWrongWithIt) {
  using Names = std::vector<std::string>;
  const auto values = send("POST", "/session", R"({"initial_prompt":"","timeout":10,"environment":"cobol"})");
  EXPECT_EQ(fields_named(values), (Names{"initial_prompt", "timeout", "environment"}));
  for (const char* field : {"initial_prompt: ", "timeout: ", "environment: "}) {
    EXPECT_NE(get_string(json_of(values), "message").find(field), std::string::npos) << values.body;
  }
  const auto mixed = send("POST", "/session", R"({"timeout":"long","environment":"cobol","model":"nonsense"})");
  EXPECT_EQ(fields_named(mixed), (Names{"initial_prompt", "timeout", "environment", "model"}));
  EXPECT_EQ(fields_named(get("/session?limit=0&offset=-1")), (Names{"limit", "offset"}));
  const std::string path = "/session/" + create_session();
  EXPECT_EQ(fields_named(get(path + "/events?after=x&limit=x")), (Names{"after", "limit"}));
  const std::string long_id(201, 'x');
  for (const Json& content : {Json(""), Json(7)}) {
    const auto message = send("POST", path + "/messages", dump_json({{"content", content}, {"id", long_id}}));
    EXPECT_EQ(fields_named(message), (Names{"content", "id"})) << content;
  }
}

TEST_F(SessionRoutes, PromptLengthCountsCodePoints) {
  std::string umlauts;
  for (int i = 0; i < 5000; ++i) umlauts += "ü";
  EXPECT_EQ(send("POST", "/session", dump_json({{"initial_prompt", umlauts}})).status, 201);
  EXPECT_EQ(send("POST", "/session", dump_json({{"initial_prompt", umlauts + "x"}})).status, 400);
}

TEST_F(SessionRoutes, ABodyOverOneMebibyteIs413) {
  EXPECT_EQ(send("POST", "/session", std::string((1 << 20) + 1, ' ')).status, 413);
}

TEST_F(SessionRoutes, GetAddsTheDetails) {
  const std::string id = create_session();
  RowPatch patch;
  patch.status = SessionStatus::error;
  patch.error = "the sandbox would not start";
  patch.vnc_port = 6081;
  patch.mcp_port = 8081;
  patch.usage = Usage{10, 20, 5, 0.25};
  append(id, {}, patch);
  const Json body = json_of(get("/session/" + id));
  EXPECT_EQ(body["status"], "error");
  EXPECT_EQ(body["error"], "the sandbox would not start");
  EXPECT_EQ(body["vnc_port"], 6081);
  EXPECT_EQ(body["mcp_port"], 8081);
  EXPECT_EQ(body["usage"], (Json{{"input_tokens", 10}, {"output_tokens", 20}, {"cost_usd", 0.25}}));
  EXPECT_EQ(body["model"], "scripted:demo");
  EXPECT_EQ(body["environment"], "full-stack");
  EXPECT_EQ(body["phase"], "queued");
  EXPECT_EQ(body["last_seq"], 3);
  EXPECT_EQ(body["vnc_url"], "http://127.0.0.1:6081/vnc.html?autoconnect=1&reconnect=1&resize=scale&path=websockify");
}

TEST_F(SessionRoutes, UnknownAndImpossibleIdsAre404) {
  for (const std::string& id : {new_id(), std::string("nope"), std::string("..%2f..%2fetc"), std::string("%00")}) {
    const auto response = get("/session/" + id);
    EXPECT_EQ(response.status, 404) << id;
    EXPECT_EQ(json_of(response)["error"], "Not Found");
    EXPECT_EQ(send("DELETE", "/session/" + id).status, 404) << id;
    EXPECT_EQ(send("POST", "/session/" + id + "/stop").status, 404) << id;
    EXPECT_EQ(get("/session/" + id + "/events").status, 404) << id;
    EXPECT_EQ(get("/session/" + id + "/logs").status, 404) << id;
  }
}

TEST_F(SessionRoutes, ListIsNewestFirstAndPaged) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(create_session());
  const Json page = json_of(get("/session?limit=2&offset=1"));
  EXPECT_EQ(page["total"], 5);
  EXPECT_EQ(page["limit"], 2);
  EXPECT_EQ(page["offset"], 1);
  ASSERT_EQ(page["sessions"].size(), 2u);
  EXPECT_EQ(page["sessions"][0]["session_id"], ids[3]);
  EXPECT_EQ(page["sessions"][1]["session_id"], ids[2]);
  EXPECT_EQ(json_of(get("/session"))["limit"], 20);
  for (const char* query :
       {"limit=abc", "limit=0", "limit=101", "limit=-1", "offset=-1", "offset=x", "limit=", "limit=1e2"}) {
    EXPECT_EQ(get(std::string("/session?") + query).status, 400) << query;
  }
}

TEST_F(SessionRoutes, AMessageIsAcknowledgedBySeqAndItsIdMakesItHarmlessToRepeat) {
  const std::string id = create_session();
  const auto first = send("POST", "/session/" + id + "/messages", R"({"content":"more","id":"m1"})");
  EXPECT_EQ(first.status, 202);
  EXPECT_EQ(json_of(first), (Json{{"seq", 4}}));
  EXPECT_EQ(json_of(send("POST", "/session/" + id + "/messages", R"({"content":"more","id":"m1"})")),
            (Json{{"seq", 4}}));
  EXPECT_EQ(json_of(send("POST", "/session/" + id + "/messages", R"({"content":"more"})")), (Json{{"seq", 5}}));
  EXPECT_EQ(send("POST", "/session/" + id + "/messages", R"({"content":""})").status, 400);
  EXPECT_EQ(send("POST", "/session/" + id + "/messages", R"({"content":["x"]})").status, 400);
}

TEST_F(SessionRoutes, DeleteIsRepeatableAndWhatWouldChangeADeletedSessionIs409) {
  const std::string id = create_session();
  const auto deleted = send("DELETE", "/session/" + id);
  EXPECT_EQ(deleted.status, 202);
  EXPECT_EQ(json_of(deleted)["session_id"], id);
  EXPECT_EQ(send("DELETE", "/session/" + id).status, 202);
  finish_delete(id);
  EXPECT_EQ(send("DELETE", "/session/" + id).status, 202);
  EXPECT_EQ(get("/session/" + id).status, 200);
  EXPECT_EQ(get("/session/" + id + "/logs").status, 200);
  EXPECT_EQ(send("POST", "/session/" + id + "/messages", R"({"content":"x"})").status, 409);
  EXPECT_EQ(send("POST", "/session/" + id + "/stop").status, 409);
  EXPECT_EQ(send("PUT", "/session/" + id + "/files/a.txt", "x").status, 409);
}

TEST_F(SessionRoutes, AFullQueueIs503WithRetryAfter) {
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(queue_->push({kSharedQueue, "job" + std::to_string(i), {}}, with_timeout(std::chrono::seconds(5))));
  }
  const auto response = send("POST", "/session", R"({"initial_prompt":"x"})");
  EXPECT_EQ(response.status, 503);
  EXPECT_TRUE(response.headers.find("Retry-After").has_value());
  EXPECT_FALSE(get_string(json_of(response), "hint").empty());
}

TEST_F(SessionRoutes, AWrongMethodIs405WithAllowAndOptionsNamesThem) {
  const auto wrong = send("PATCH", "/session/" + new_id());
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.find("Allow"), "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(json_of(wrong)["error"], "Method Not Allowed");
  EXPECT_EQ(send("OPTIONS", "/session").headers.find("Allow"), "POST, GET, HEAD, OPTIONS");
  const auto file = get("/session/" + new_id() + "/files/x");
  EXPECT_EQ(file.status, 405);
  EXPECT_NE(get_string(json_of(file), "hint").find("GET /download/ID/PATH"), std::string::npos);
  EXPECT_EQ(get("/nothing/here").status, 404);
  EXPECT_EQ(send("DELETE", "/nothing/here").status, 404);
}

TEST_F(SessionRoutes, HeadAnswersLikeGetWithoutABody) {
  net::test::RawClient raw(port());
  raw.send("HEAD /session HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto head = raw.response(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("Content-Type"), "application/json");
}

TEST_F(SessionRoutes, OnlyListedOriginsMayReadAnswers) {
  const auto friendly = get("/session", {{"Origin", "http://friend.example"}});
  EXPECT_EQ(friendly.headers.find("Access-Control-Allow-Origin"), "http://friend.example");
  EXPECT_FALSE(get("/session", {{"Origin", "http://evil.example"}}).headers.find("Access-Control-Allow-Origin"));
  const auto preflight =
      send("OPTIONS", "/session", {}, {{"Origin", "http://friend.example"}, {"Access-Control-Request-Method", "POST"}});
  EXPECT_EQ(preflight.status, 204);
  EXPECT_TRUE(preflight.headers.has_token("Access-Control-Allow-Methods", "PUT"));
  EXPECT_EQ(get("/nothing", {{"Origin", "http://friend.example"}}).headers.find("Access-Control-Allow-Origin"),
            "http://friend.example");
}

TEST_F(SessionRoutes, HealthFollowsItsParts) {
  const Json healthy = json_of(get("/health"));
  EXPECT_EQ(healthy["status"], "healthy");
  EXPECT_EQ(healthy["version"], "1.2.3");
  EXPECT_TRUE(healthy["uptime"].is_number_integer());
  EXPECT_TRUE(healthy["timestamp"].is_string());
  health_ = [] { return Json{{"store", true}, {"workers", 0}}; };
  EXPECT_EQ(json_of(get("/health"))["status"], "degraded");
  EXPECT_EQ(get("/health").status, 200);
  health_ = [] { return Json{{"store", false}, {"workers", 2}}; };
  EXPECT_EQ(json_of(get("/health"))["status"], "unhealthy");
  EXPECT_EQ(get("/health").status, 503);
}

}  // namespace
}  // namespace ottobot::api::test
