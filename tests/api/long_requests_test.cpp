// One session's long requests must not take the threads of everything else.
#include <atomic>
#include <thread>

#include "api/api_fixture.hpp"
#include "api/socket_client.hpp"
#include "net/raw_client.hpp"

namespace ottobot::api::test {
namespace {

using namespace std::chrono_literals;

class LongRequestsTest : public ApiTest {
 protected:
  // Fewer than the fixture's server has threads.
  LongRequestsTest() {
    sandbox_up_ = true;
    sandbox_.files = sandbox_.archive = sandbox_.mcp = [this](net::Exchange& exchange) {
      ++held_;
      while (!let_go_ && !exchange.client_gone().stop_requested()) std::this_thread::sleep_for(1ms);
      --held_;
      exchange.respond({200, {}, "late"});
    };
    ApiOptions options{"1.2.3", "127.0.0.1", 0, "", {}};
    options.long_requests = {3, 5};
    options.slow_bodies = 4;
    options.streams = {2, 3, "chats and event streams"};
    restart(options);
  }
  ~LongRequestsTest() override { let_go_ = true; }

  net::test::RawClient hold(const std::string& path) {
    const int before = held_;
    net::test::RawClient client(port());
    client.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (held_ == before && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    EXPECT_EQ(held_, before + 1) << path;
    return client;
  }

  std::atomic<bool> let_go_{false};
  std::atomic<int> held_{0};
};

TEST_F(LongRequestsTest, ChatsAndEventStreamsOfASessionHaveABound) {
  const std::string one = create_session();
  const std::string other = create_session();
  const auto open_stream = [&](const std::string& id) {
    net::test::RawClient client(port());
    client.send("GET /session/" + id + "/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
    EXPECT_EQ(client.response(true).status, 200);
    return client;
  };
  SocketClient chat(port(), "/session/" + one + "/chat");
  EXPECT_TRUE(chat.accepted());
  auto stream = open_stream(one);
  const SocketClient refused(port(), "/session/" + one + "/chat");
  EXPECT_EQ(refused.handshake().status, 429);
  EXPECT_FALSE(refused.handshake().field("Retry-After").empty());
  const auto last = open_stream(other);
  EXPECT_EQ(SocketClient(port(), "/session/" + other + "/chat").handshake().status, 503);

  stream.disconnect();
  const auto until = std::chrono::steady_clock::now() + 20s;
  const auto has_room = [&] { return SocketClient(port(), "/session/" + one + "/chat").accepted(); };
  bool room = has_room();
  for (; !room && std::chrono::steady_clock::now() < until; room = has_room()) std::this_thread::sleep_for(1ms);
  EXPECT_TRUE(room) << "a place that was left stays taken";
}

TEST_F(LongRequestsTest, ASessionHasItsShareAndTheServerItsBound) {
  const std::string greedy = create_session();
  const std::string other = create_session();
  std::vector<net::test::RawClient> clients;
  clients.push_back(hold("/download/" + greedy));
  clients.push_back(hold("/download/" + greedy + "/a.txt"));
  clients.push_back(hold("/session/" + greedy + "/files"));
  const auto refused = get("/download/" + greedy + "/b.txt");
  EXPECT_EQ(refused.status, 429);
  EXPECT_TRUE(refused.headers.find("Retry-After"));
  EXPECT_EQ(json_of(refused)["error"], "Too Many Requests");

  clients.push_back(hold("/download/" + other));
  clients.push_back(hold("/download/" + other));
  const auto full = get("/download/" + other);
  EXPECT_EQ(full.status, 503);
  EXPECT_TRUE(full.headers.find("Retry-After"));
  EXPECT_EQ(get("/session/" + greedy).status, 200) << "short requests have threads left";
  EXPECT_EQ(get("/health").status, 200);

  let_go_ = true;
  for (auto& client : clients) EXPECT_EQ(client.response().status, 200);
  EXPECT_EQ(get("/download/" + greedy).status, 200) << "slots are given back";
}

TEST_F(LongRequestsTest, ClientsThatAreSlowToSendTheirBodiesKeepNobodyElseOut) {
  std::vector<net::test::RawClient> slow;
  for (int i = 0; i < 40; ++i) {
    slow.emplace_back(port());
    slow.back().send("POST /session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{");
  }
  EXPECT_EQ(get("/session").status, 200);
  EXPECT_EQ(send("POST", "/session", R"({"initial_prompt":"x"})").status, 201) << "a short body is not waited for";
  int refused = 0;
  for (std::size_t i = 4; i < slow.size(); ++i) refused += slow[i].response().status == 503 ? 1 : 0;
  EXPECT_GE(refused, 32) << "all but those that are waited for";
  slow.clear();
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (send("POST", "/session", R"({"initial_prompt":"x"})").status != 201 &&
         std::chrono::steady_clock::now() < until) {
  }
  EXPECT_EQ(send("POST", "/session", R"({"initial_prompt":"x"})").status, 201);
}

TEST_F(LongRequestsTest, AThousandSlowSendersOfShortBodiesHoldNothing) {
  std::vector<net::test::RawClient> slow;
  for (int i = 0; i < 1000; ++i) {
    slow.emplace_back(port());
    slow.back().send("POST /session HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
  }
  EXPECT_EQ(send("POST", "/session", R"({"initial_prompt":"x"})").status, 201);
  slow[0].send(R"("initial_prompt":")" + std::string(79, 'x') + "\"}");
  EXPECT_EQ(slow[0].response().status, 201);
}

TEST_F(LongRequestsTest, RelayedToolCallsCountToo) {
  const std::string id = create_session();
  net::ListenOptions listen;
  listen.handler = api_->mcp_port_handler(id);
  auto own = server_->listen(std::move(listen));
  ASSERT_TRUE(own);
  std::vector<net::test::RawClient> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(hold("/download/" + id));
  net::test::RawClient caller((*own)->port());
  caller.send("POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(caller.response().status, 429);
  let_go_ = true;
  for (auto& client : clients) EXPECT_EQ(client.response().status, 200);
}

}  // namespace
}  // namespace ottobot::api::test
