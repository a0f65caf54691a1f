// The client's side of Streamable HTTP, against servers that answer by script.
#include "mcp/transports/http_client_transport.hpp"

#include <deque>
#include <mutex>

#include "mcp/mcp_fixtures.hpp"
#include "net/server/http_server.hpp"
#include "ottobot/mcp/client.hpp"

namespace ottobot::mcp {
namespace {

using namespace test;
using namespace std::chrono_literals;

struct Seen {
  std::string method;
  net::Headers headers;
  std::string body;
};

class HttpClientTransportTest : public ::testing::Test {
 protected:
  HttpClientTransportTest() {
    http_ = net::make_http_server({}).value();
    net::ListenOptions listen;
    listen.handler = [this](net::Exchange& exchange) { answer(exchange); };
    listener_ = http_->listen(std::move(listen)).value();
    transport_ = connect();
  }
  ~HttpClientTransportTest() override { transport_.reset(); }

  std::unique_ptr<McpTransport> connect(std::string token = "") {
    const std::string url = "http://127.0.0.1:" + std::to_string(listener_->port());
    return make_http_transport({{url, std::move(token), std::nullopt}, "/mcp"}).value();
  }

  void answer(net::Exchange& exchange) {
    Seen seen{exchange.request().method, exchange.request().headers, exchange.read_body(1 << 20).value_or("")};
    net::Response response{500, {}, "script ended"};
    {
      std::lock_guard lock(mutex_);
      seen_.push_back(std::move(seen));
      if (!script_.empty()) {
        response = std::move(script_.front());
        script_.pop_front();
      }
    }
    exchange.respond(std::move(response));
  }

  void will_answer(int status, net::Headers headers, std::string body) {
    std::lock_guard lock(mutex_);
    script_.push_back({status, std::move(headers), std::move(body)});
  }
  void will_answer_json(const Json& message, int status = 200) {
    will_answer(status, {{"Content-Type", "application/json"}}, message.dump());
  }
  void will_stream(std::string body) { will_answer(200, {{"Content-Type", "text/event-stream; charset=utf-8"}}, body); }

  Result<Json> ping(int id = 1) {
    return transport_->request(make_request(id, "ping", Json::object()), sink_, with_timeout(20s));
  }

  std::string header(std::size_t index, const char* name) {
    std::lock_guard lock(mutex_);
    return std::string(seen_.at(index).headers.find(name).value_or("-"));
  }

  std::mutex mutex_;  // guards script_ and seen_
  std::deque<net::Response> script_;
  std::vector<Seen> seen_;
  CollectingSink sink_;
  std::unique_ptr<net::HttpServer> http_;
  std::unique_ptr<net::Listener> listener_;
  std::unique_ptr<McpTransport> transport_;
};

const Json kPong = make_response(1, Json::object());

TEST_F(HttpClientTransportTest, TakesJsonAnswers) {
  will_answer_json(kPong);
  EXPECT_EQ(ping().value(), kPong);
  EXPECT_EQ(header(0, "Accept"), "application/json, text/event-stream");
  EXPECT_EQ(header(0, "Content-Type"), "application/json");
  EXPECT_EQ(header(0, "MCP-Protocol-Version"), "-");
}

TEST_F(HttpClientTransportTest, TakesStreamsAndHandsOtherMessagesOn) {
  const Json progress = make_notification("notifications/progress", {{"progress", 1}});
  will_stream(": hi\n\nid: 1\ndata:\n\nevent: message\ndata: " + progress.dump() +
              "\n\nevent: other\ndata: x\n\ndata: " + kPong.dump() + "\n\n");
  EXPECT_EQ(ping().value(), kPong);
  ASSERT_EQ(sink_.messages.size(), 1u);
  EXPECT_EQ(sink_.messages[0], progress);
}

TEST_F(HttpClientTransportTest, KeepsSessionAndVersionInItsHeaders) {
  will_answer(200, {{"Content-Type", "application/json"}, {"Mcp-Session-Id", "s-1"}}, kPong.dump());
  will_answer_json(kPong);
  will_answer(202, {}, "");
  will_answer(204, {}, "");
  ASSERT_TRUE(transport_->request(initialize_request(1), sink_, with_timeout(20s)).has_value());
  transport_->set_protocol_version("2025-06-18");
  ASSERT_TRUE(ping().has_value());
  ASSERT_TRUE(transport_->send(make_notification("notifications/initialized", Json::object()), with_timeout(20s)));
  transport_->close();
  EXPECT_EQ(header(0, "Mcp-Session-Id"), "-");
  for (std::size_t i = 1; i <= 3; ++i) {
    EXPECT_EQ(header(i, "Mcp-Session-Id"), "s-1") << i;
    EXPECT_EQ(header(i, "MCP-Protocol-Version"), "2025-06-18") << i;
  }
  std::lock_guard lock(mutex_);
  EXPECT_EQ(seen_[3].method, "DELETE");
}

TEST_F(HttpClientTransportTest, ALostSessionIsNotFound) {
  will_answer(200, {{"Content-Type", "application/json"}, {"Mcp-Session-Id", "s-1"}}, kPong.dump());
  will_answer_json(make_error_response(nullptr, {-32600, "Session not found", nullptr}), 404);
  ASSERT_TRUE(transport_->request(initialize_request(1), sink_, with_timeout(20s)).has_value());
  EXPECT_EQ(ping().error().code, ErrorCode::not_found);
}

TEST_F(HttpClientTransportTest, ErrorResponsesCountWhateverTheStatus) {
  const Json refused = make_error_response(1, {-32601, "no", nullptr});
  will_answer_json(refused, 404);
  EXPECT_EQ(ping().value(), refused);
  const Json unread = make_error_response(nullptr, {-32700, "no", nullptr});
  will_answer_json(unread, 400);
  EXPECT_EQ(ping().value(), unread);
}

TEST_F(HttpClientTransportTest, StatusesBecomeErrors) {
  const std::pair<int, ErrorCode> statuses[] = {{401, ErrorCode::unauthenticated}, {403, ErrorCode::permission_denied},
                                                {404, ErrorCode::not_found},       {503, ErrorCode::unavailable},
                                                {500, ErrorCode::internal},        {302, ErrorCode::internal}};
  for (const auto& [status, code] : statuses) {
    will_answer(status, {}, "<html>");
    EXPECT_EQ(ping().error().code, code) << status;
  }
}

TEST_F(HttpClientTransportTest, BrokenAnswersAreTheFaultOfThePeer) {
  for (const char* body : {"", "{", "[]", "{}", R"({"jsonrpc":"2.0","id":2,"result":{}})"}) {
    will_answer(200, {{"Content-Type", "application/json"}}, body);
    EXPECT_EQ(ping().error().code, ErrorCode::internal) << body;
  }
  will_stream("data: {\n\n");
  EXPECT_EQ(ping().error().code, ErrorCode::internal);
}

TEST_F(HttpClientTransportTest, AStreamThatEndsWithoutResponseIsUnavailable) {
  will_stream(": nothing\n\n");
  EXPECT_EQ(ping().error().code, ErrorCode::unavailable);
}

TEST_F(HttpClientTransportTest, ABrokenStreamGoesOnBehindItsLastEvent) {
  will_stream("id: e1\nretry: 5\ndata:\n\n");
  will_stream("id: e2\nretry: 5\ndata: " + make_notification("n", Json::object()).dump() + "\n\n");
  will_stream("data: " + kPong.dump() + "\n\n");
  EXPECT_EQ(ping().value(), kPong);
  EXPECT_EQ(sink_.messages.size(), 1u);
  EXPECT_EQ(header(1, "Last-Event-ID"), "e1");
  EXPECT_EQ(header(2, "Last-Event-ID"), "e2");
  std::lock_guard lock(mutex_);
  EXPECT_EQ(seen_[1].method, "GET");
}

TEST_F(HttpClientTransportTest, ModernRequestsSayInHeadersWhatTheyAre) {
  will_answer_json(kPong);
  const Json call = modern_request(1, "tools/call", {{"name", "r\xC3\xA9sum\xC3\xA9"}});
  ASSERT_TRUE(transport_->request(call, sink_, with_timeout(20s)).has_value());
  EXPECT_EQ(header(0, "MCP-Protocol-Version"), kModernVersion);
  EXPECT_EQ(header(0, "Mcp-Method"), "tools/call");
  EXPECT_EQ(header(0, "Mcp-Name"), "=?base64?csOpc3Vtw6k=?=");
}

TEST_F(HttpClientTransportTest, TheTokenOfTheEndpointIsSent) {
  transport_ = connect("secret");
  will_answer_json(kPong);
  ASSERT_TRUE(ping().has_value());
  EXPECT_EQ(header(0, "Authorization"), "Bearer secret");
}

TEST(MakeHttpTransport, ChecksTheEndpoint) {
  EXPECT_EQ(make_http_transport({{"ftp://x", "", std::nullopt}, "/mcp"}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(make_http_transport({{"http://x", "", std::nullopt}, "mcp"}).error().code, ErrorCode::invalid_argument);
}

TEST(MakeHttpTransport, APeerThatIsNotThereIsUnavailable) {
  const auto transport = make_http_transport({{"unix:/tmp/ottobot-nobody-listens.sock", "", std::nullopt}, "/mcp"});
  CollectingSink sink;
  const auto response = (*transport)->request(make_request(1, "ping", Json::object()), sink, with_timeout(20s));
  EXPECT_EQ(response.error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace ottobot::mcp
