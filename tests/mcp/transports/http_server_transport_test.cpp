// The server's side of Streamable HTTP, seen by a bare HTTP client.
#include "mcp/http_server_fixture.hpp"

namespace ottobot::mcp {
namespace {

using namespace test;

class HttpServerTransportTest : public HttpServerFixture {};

TEST_F(HttpServerTransportTest, ALegacySessionLivesFromInitializeToDelete) {
  const std::string id = start_session();
  ASSERT_FALSE(id.empty());
  const auto accepted = fetch(in_session(id, "POST", kInitialized));
  EXPECT_EQ(accepted.status, 202);
  EXPECT_EQ(accepted.body, "");
  const auto pong = fetch(in_session(id, "POST", kPing));
  EXPECT_EQ(pong.status, 200);
  EXPECT_EQ(content_type(pong), "application/json");
  EXPECT_EQ(Json::parse(pong.body).at("result"), Json::object());
  EXPECT_EQ(fetch(in_session(id, "DELETE")).status, 204);
  EXPECT_EQ(fetch(in_session(id, "POST", kPing)).status, 404);
  EXPECT_EQ(fetch(in_session(id, "DELETE")).status, 404);
}

TEST_F(HttpServerTransportTest, LegacyRequestsNeedAKnownSession) {
  EXPECT_EQ(fetch(request("POST", kPing.dump())).status, 400);
  EXPECT_EQ(fetch(in_session("unknown", "POST", kPing)).status, 404);
  EXPECT_EQ(fetch(in_session("unknown", "POST", kInitialized)).status, 404);
  EXPECT_EQ(fetch(request("DELETE")).status, 400);
}

TEST_F(HttpServerTransportTest, AFailedInitializeStartsNoSession) {
  const auto response = fetch(request("POST", make_request(1, "initialize", Json::object()).dump()));
  EXPECT_EQ(code_of(response), -32602);
  EXPECT_FALSE(response.headers.find("MCP-Session-Id").has_value());
}

TEST_F(HttpServerTransportTest, LegacyVersionsAreCheckedAndMayBeAbsent) {
  const std::string id = start_session();
  auto absent = request("POST", kPing.dump());
  absent.headers.add("MCP-Session-Id", id);
  EXPECT_EQ(fetch(absent).status, 200);
  auto wrong = absent;
  wrong.headers.add("MCP-Protocol-Version", "1999-01-01");
  EXPECT_EQ(fetch(wrong).status, 400);
}

TEST_F(HttpServerTransportTest, OtherMethodsAreNotAllowed) {
  for (const char* method : {"GET", "PUT", "OPTIONS"}) {
    const auto response = fetch(request(method));
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_EQ(response.headers.find("Allow"), "POST, DELETE");
  }
  for (const char* method : {"GET", "DELETE"}) {
    auto modern_one = request(method);
    modern_one.headers.add("MCP-Protocol-Version", std::string(kModernVersion));
    const auto response = fetch(modern_one);
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_EQ(response.headers.find("Allow"), "POST");
  }
}

TEST_F(HttpServerTransportTest, BodiesThatAreNoMessageAreBadRequests) {
  struct {
    const char* body;
    int code;
  } const bodies[] = {
      {"", -32700},  {"{", -32700},  {"[]", -32600},       {"[{\"jsonrpc\":\"2.0\"}]", -32600},
      {"5", -32600}, {"{}", -32600}, {"\xFF\xFE", -32700}, {R"({"jsonrpc":"2.0","id":null,"method":"x"})", -32600}};
  for (const auto& [body, code] : bodies) {
    const auto response = fetch(request("POST", body));
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_EQ(code_of(response), code) << body;
  }
  EXPECT_EQ(fetch(request("POST", std::string(1000, '['))).status, 400);
}

TEST_F(HttpServerTransportTest, OversizedBodiesAreRefused) {
  EXPECT_EQ(fetch(request("POST", std::string(5000, ' '))).status, 413);
}

TEST_F(HttpServerTransportTest, MediaTypesAreChecked) {
  auto no_events = request("POST", kPing.dump());
  no_events.headers.set("Accept", "application/json");
  EXPECT_EQ(fetch(no_events).status, 406);
  auto no_json = request("POST", kPing.dump());
  no_json.headers.set("Accept", "text/event-stream");
  EXPECT_EQ(fetch(no_json).status, 406);
  auto text = request("POST", kPing.dump());
  text.headers.set("Content-Type", "text/plain");
  EXPECT_EQ(fetch(text).status, 415);
}

TEST_F(HttpServerTransportTest, ForeignHostsAndOriginsAreForbidden) {
  auto foreign_host = modern(modern_request(1, "server/discover"));
  foreign_host.headers.set("Host", "evil.example");
  EXPECT_EQ(fetch(foreign_host).status, 403);
  auto foreign_origin = modern(modern_request(1, "server/discover"));
  foreign_origin.headers.set("Origin", "http://evil.example");
  EXPECT_EQ(fetch(foreign_origin).status, 403);
  auto own_origin = modern(modern_request(1, "server/discover"));
  own_origin.headers.set("Origin", "http://localhost:1234");
  EXPECT_EQ(fetch(own_origin).status, 200);
}

TEST_F(HttpServerTransportTest, AModernCallNeedsNoSession) {
  const auto response =
      fetch(modern(modern_request("m", "tools/call", {{"name", "echo"}, {"arguments", {{"text", "hi"}}}})));
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(response.headers.find("MCP-Session-Id").has_value());
  const Json message = Json::parse(response.body);
  EXPECT_EQ(message.at("id"), "m");
  EXPECT_EQ(message.at("result").at("content").at(0).at("text"), "hi");
  EXPECT_EQ(message.at("result").at("resultType"), "complete");
}

TEST_F(HttpServerTransportTest, ModernErrorsHaveTheirStatus) {
  EXPECT_EQ(fetch(modern(modern_request(1, "ping"))).status, 404);
  EXPECT_EQ(code_of(fetch(modern(modern_request(1, "ping")))), -32601);
  EXPECT_EQ(fetch(modern(modern_request(1, "tools/call", {{"name", "nope"}}))).status, 200);

  Json other_version = modern_request(1, "tools/list");
  other_version["params"]["_meta"][modern::kProtocolVersionKey] = "v999";
  const auto unsupported = fetch(modern(other_version));
  EXPECT_EQ(unsupported.status, 400);
  EXPECT_EQ(code_of(unsupported), -32022);

  auto no_meta = request("POST", make_request(1, "tools/list", Json::object()).dump());
  no_meta.headers.add("MCP-Protocol-Version", std::string(kModernVersion));
  no_meta.headers.add("Mcp-Method", "tools/list");
  const auto missing = fetch(no_meta);
  EXPECT_EQ(missing.status, 400);
  EXPECT_EQ(code_of(missing), -32602);
  EXPECT_EQ(Json::parse(missing.body).at("id"), 1);
}

TEST_F(HttpServerTransportTest, ModernHeadersMustAgreeWithTheBody) {
  const Json call = modern_request(1, "tools/call", {{"name", "echo"}});
  for (const char* name : {"MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"}) {
    auto different = modern(call);
    different.headers.set(name, "2025-11-25");
    const auto response = fetch(different);
    EXPECT_EQ(response.status, 400) << name;
    EXPECT_EQ(code_of(response), -32020) << name;
  }
}

TEST_F(HttpServerTransportTest, ProgressTurnsTheAnswerIntoAStream) {
  const Json meta = {{"progressToken", "t"}};
  const Json legacy_call = make_request(5, "tools/call", {{"name", "steps"}, {"_meta", meta}});
  const auto legacy = fetch(in_session(start_session(), "POST", legacy_call));
  const auto modern_one = fetch(modern(modern_request(5, "tools/call", {{"name", "steps"}, {"_meta", meta}})));
  for (const auto& response : {legacy, modern_one}) {
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(content_type(response), "text/event-stream");
    EXPECT_EQ(response.headers.find("X-Accel-Buffering"), "no");
    const auto messages = events_of(response);
    ASSERT_EQ(messages.size(), 4u) << response.body;
    EXPECT_EQ(messages[2].at("params").at("progress"), 3);
    EXPECT_EQ(messages[3].at("id"), 5);
    EXPECT_EQ(messages[3].at("result").at("content").at(0).at("text"), "done");
  }
}

}  // namespace
}  // namespace ottobot::mcp
