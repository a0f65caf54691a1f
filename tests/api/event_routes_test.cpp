#include "api/api_fixture.hpp"
#include "net/raw_client.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::api::test {
namespace {

using namespace std::chrono_literals;

class EventRoutes : public ApiTest {
 protected:
  net::test::RawClient stream(const std::string& id, const std::string& query, const std::string& fields = {}) {
    net::test::RawClient client(port());
    client.send("GET /session/" + id + "/events" + query + " HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n" +
                fields + "\r\n");
    return client;
  }
  // The next event of a chunked stream: one chunk each.
  static std::string next_event(net::test::RawClient& client) {
    const std::string size = client.take_until("\r\n");
    if (size.empty()) return {};
    const std::string chunk = client.take(std::stoul(size, nullptr, 16));
    client.take(2);
    return chunk;
  }
};

TEST_F(EventRoutes, EventsArePagedAndTellWhereTheLogEnds) {
  const std::string id = create_session();
  for (int i = 0; i < 7; ++i) say(id, std::to_string(i));
  const Json page = json_of(get("/session/" + id + "/events?after=2&limit=3"));
  ASSERT_EQ(page["events"].size(), 3u);
  EXPECT_EQ(page["events"][0]["seq"], 3);
  EXPECT_EQ(page["events"][2]["seq"], 5);
  EXPECT_EQ(page["last_seq"], 10);
  const Json& event = page["events"][1];
  EXPECT_EQ(event.size(), 5u) << event;
  EXPECT_EQ(event["type"], "agent_thinking");
  EXPECT_EQ(event["data"], (Json{{"content", "0"}}));
  EXPECT_TRUE(event["timestamp"].is_number_integer());
  EXPECT_EQ(json_of(get("/session/" + id + "/events?after=500")), (Json{{"events", Json::array()}, {"last_seq", 10}}));
  for (const char* query : {"after=-1", "after=x", "limit=0", "limit=abc", "limit=100000"}) {
    EXPECT_EQ(get("/session/" + id + "/events?" + query).status, 400) << query;
  }
}

TEST_F(EventRoutes, WhatIsInternalStaysInside) {
  const std::string id = create_session();
  append(id, {{new_id(), EventType::agent_message, {{"content", "hi"}}, {{"signature", "internal-secret"}}}});
  EXPECT_EQ(get("/session/" + id + "/events").body.find("internal-secret"), std::string::npos);
}

TEST_F(EventRoutes, LogsAreTheLastLinesOldestFirst) {
  const std::string id = create_session();
  for (int i = 0; i < 30; ++i) {
    append(id, {events::log(LogLevel::warn, "line " + std::to_string(i), {{"n", i}})});
    for (int j = 0; j < 20; ++j) say(id, "between");
  }
  const Json body = json_of(get("/session/" + id + "/logs?limit=12"));
  EXPECT_EQ(body["session_id"], id);
  ASSERT_EQ(body["logs"].size(), 12u);
  for (int i = 0; i < 12; ++i) EXPECT_EQ(body["logs"][i]["message"], "line " + std::to_string(18 + i));
  EXPECT_EQ(body["logs"][0]["level"], "warn");
  EXPECT_EQ(body["logs"][0]["metadata"], (Json{{"n", 18}}));
  EXPECT_TRUE(body["logs"][0]["timestamp"].is_string());
  EXPECT_EQ(json_of(get("/session/" + id + "/logs"))["logs"].size(), 32u) << "creation and queueing have lines too";
  EXPECT_EQ(get("/session/" + id + "/logs?limit=none").status, 400);
}

TEST_F(EventRoutes, AnEventStreamReplaysAndGoesLive) {
  const std::string id = create_session();
  auto client = stream(id, "?after=2");
  const std::string head = client.take_until("\r\n\r\n");
  EXPECT_NE(head.find("200 OK"), std::string::npos) << head;
  EXPECT_NE(head.find("text/event-stream"), std::string::npos) << head;
  EXPECT_TRUE(next_event(client).starts_with("id: 3\ndata: {"));
  say(id, "live");
  const std::string live = next_event(client);
  EXPECT_TRUE(live.starts_with("id: 4\ndata: {"));
  EXPECT_TRUE(live.ends_with("}\n\n"));
  EXPECT_NE(live.find("\"live\""), std::string::npos);
}

TEST_F(EventRoutes, JsonIsGivenToThoseWhoPreferItToAStream) {
  const std::string path = "/session/" + create_session() + "/events";
  for (const char* accept : {"application/json, text/event-stream;q=0.1", "text/event-stream;q=0",
                             "text/event-stream;Q=0.5, Application/JSON;q=0.6"}) {
    EXPECT_EQ(get(path, {{"Accept", accept}}).headers.find("Content-Type"), "application/json") << accept;
  }
}

TEST_F(EventRoutes, AnEventStreamGoesOnBehindLastEventId) {
  const std::string id = create_session();
  say(id, "four");
  auto client = stream(id, "?after=0", "Last-Event-ID: 3\r\n");
  client.take_until("\r\n\r\n");
  EXPECT_TRUE(next_event(client).starts_with("id: 4\n"));
  EXPECT_EQ(stream(id, "", "Last-Event-ID: x\r\n").response().status, 400);
}

TEST_F(EventRoutes, AnEventStreamFromBehindTheEndIsRefusedInsteadOfSilent) {
  const std::string id = create_session();
  for (const auto& refused : {stream(id, "?after=4").response(), stream(id, "", "Last-Event-ID: 4\r\n").response()}) {
    EXPECT_EQ(refused.status, 400);
    EXPECT_NE(refused.body.find("the log ends at 3"), std::string::npos) << refused.body;
  }
  auto client = stream(id, "?after=3");
  EXPECT_NE(client.take_until("\r\n\r\n").find(" 200 "), std::string::npos);
}

TEST_F(EventRoutes, AnEventStreamEndsWithTheSession) {
  const std::string id = create_session();
  auto client = stream(id, "?after=3");
  client.take_until("\r\n\r\n");
  ASSERT_EQ(send("DELETE", "/session/" + id).status, 202);
  finish_delete(id);
  EXPECT_TRUE(next_event(client).starts_with("id: 4\n"));
  EXPECT_TRUE(next_event(client).starts_with("id: 5\n"));
  EXPECT_EQ(next_event(client), "");
  EXPECT_EQ(stream(id, "?after=5").response().status, 204);
}

TEST_F(EventRoutes, ASlowEventStreamLosesNothing) {
  const std::string id = create_session();
  auto client = stream(id, "?after=3");
  client.take_until("\r\n\r\n");
  for (int i = 0; i < 600; ++i) say(id, std::string(10000, 'x'));
  for (int i = 0; i < 600; ++i) ASSERT_TRUE(next_event(client).starts_with("id: " + std::to_string(4 + i) + "\n")) << i;
}

}  // namespace
}  // namespace ottobot::api::test
