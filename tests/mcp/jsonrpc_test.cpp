#include "mcp/jsonrpc.hpp"

namespace ottobot::mcp {
namespace {

struct BadMessage {
  const char* text;
  int code;
};

class MalformedMessage : public ::testing::TestWithParam<BadMessage> {};

TEST_P(MalformedMessage, IsRefusedWithItsCode) {
  const auto parsed = parse_message(Json::parse(GetParam().text));
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().code, GetParam().code) << parsed.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    JsonRpc, MalformedMessage,
    ::testing::Values(BadMessage{R"([])", -32600}, BadMessage{R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])", -32600},
                      BadMessage{R"(null)", -32600}, BadMessage{R"("ping")", -32600}, BadMessage{R"({})", -32600},
                      BadMessage{R"({"id":1,"method":"ping"})", -32600},
                      BadMessage{R"({"jsonrpc":"1.0","id":1,"method":"ping"})", -32600},
                      BadMessage{R"({"jsonrpc":2.0,"id":1,"method":"ping"})", -32600},
                      BadMessage{R"({"jsonrpc":"2.0","id":null,"method":"ping"})", -32600},
                      BadMessage{R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})", -32600},
                      BadMessage{R"({"jsonrpc":"2.0","id":{},"method":"ping"})", -32600},
                      BadMessage{R"({"jsonrpc":"2.0","id":1,"method":7})", -32600},
                      BadMessage{R"({"jsonrpc":"2.0","id":1,"method":null})", -32600},
                      BadMessage{R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})", -32602},
                      BadMessage{R"({"jsonrpc":"2.0","id":1,"method":"ping","params":"x"})", -32602},
                      BadMessage{R"({"jsonrpc":"2.0","id":1})", -32600},
                      BadMessage{R"({"jsonrpc":"2.0","id":1,"result":{},"error":{}})", -32600},
                      BadMessage{R"({"jsonrpc":"2.0","result":{}})", -32600}));

TEST(JsonRpc, TellsRequestsNotificationsAndResponsesApart) {
  const Json request = Json::parse(R"({"jsonrpc":"2.0","id":"a","method":"tools/list","params":{"x":1}})");
  const Json notification = Json::parse(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  const Json response = Json::parse(R"({"jsonrpc":"2.0","id":3,"error":{"code":-1,"message":"no"}})");
  const Json orphan = Json::parse(R"({"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"no"}})");

  const auto parsed = parse_message(request);
  EXPECT_EQ(parsed->kind, Incoming::Kind::request);
  EXPECT_EQ(parsed->method, "tools/list");
  EXPECT_EQ(parsed->params->at("x"), 1);
  EXPECT_EQ(parse_message(notification)->kind, Incoming::Kind::notification);
  EXPECT_TRUE(parse_message(notification)->params->is_object());
  EXPECT_EQ(parse_message(response)->kind, Incoming::Kind::response);
  EXPECT_EQ(parse_message(orphan)->kind, Incoming::Kind::response);
}

TEST(JsonRpc, ErrorResponsesHaveNoIdWhenTheRequestHadNone) {
  const Json unknown = make_error_response(usable_id(Json::parse(R"({"id":[1]})")), {-32600, "no", nullptr});
  EXPECT_FALSE(unknown.contains("id"));
  EXPECT_FALSE(unknown["error"].contains("data"));
  const Json known = make_error_response(usable_id(Json::parse(R"({"id":"x"})")), {-32600, "no", {{"k", 1}}});
  EXPECT_EQ(known["id"], "x");
  EXPECT_EQ(known["error"]["data"]["k"], 1);
}

TEST(JsonRpc, ResponsesGiveTheirResultOrTheirError) {
  EXPECT_EQ(parse_response({{"result", {{"a", 1}}}})->value().at("a"), 1);
  const auto error = parse_response({{"error", {{"code", -5}, {"message", "m"}, {"data", {{"d", 2}}}}}});
  EXPECT_EQ(error->error().code, -5);
  EXPECT_EQ(error->error().message, "m");
  EXPECT_EQ(error->error().data.at("d"), 2);
}

TEST(JsonRpc, ResponsesWithoutResultObjectBreakTheProtocol) {
  for (const Json& message : {Json(nullptr), Json("x"), Json::object(), Json{{"result", 5}}, Json{{"error", "x"}}}) {
    const auto parsed = parse_response(message);
    ASSERT_FALSE(parsed.has_value()) << message.dump();
    EXPECT_EQ(parsed.error().code, ErrorCode::internal);
  }
}

}  // namespace
}  // namespace ottobot::mcp
