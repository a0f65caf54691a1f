#include "api/api_fixture.hpp"
#include "api/novnc_assets.hpp"
#include "api/socket_client.hpp"
#include "net/process/unix_socket.hpp"
#include "ottobot/ids.hpp"

#include <sys/socket.h>

namespace ottobot::api::test {
namespace {

using namespace std::chrono_literals;

class Vnc : public ApiTest {
 protected:
  Vnc() {
    // A desktop that greets and then says everything twice.
    sandbox_.rfb = [this](net::Exchange& exchange) {
      int ends[2];
      ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
      ++viewers_;
      desktops_.emplace_back([fd = net::UniqueFd(ends[0])] {
        (void)!::send(fd.get(), "RFB 003.008\n", 12, MSG_NOSIGNAL);
        char buffer[256];
        for (ssize_t got = 0; (got = ::recv(fd.get(), buffer, sizeof buffer, 0)) > 0;) {
          const std::string twice =
              std::string(buffer, static_cast<std::size_t>(got)) + std::string(buffer, static_cast<std::size_t>(got));
          (void)!::send(fd.get(), twice.data(), twice.size(), MSG_NOSIGNAL);
        }
      });
      exchange.upgrade_and_bridge("rfb", {}, {net::UniqueFd(ends[1]), {}});
    };
  }
  ~Vnc() override {
    listener_.reset();
    api_.reset();
    for (std::thread& desktop : desktops_) desktop.join();
  }

  std::string read(SocketClient& client, std::size_t bytes) {
    std::string all;
    while (all.size() < bytes) {
      const auto frame = client.next();
      if (!frame) break;
      all += *frame;
    }
    return all;
  }

  std::atomic<int> viewers_{0};
  std::vector<std::thread> desktops_;
};

TEST_F(Vnc, AViewerMayComeBeforeTheSandbox) {
  const std::string id = create_session();
  SocketClient client(port(), "/session/" + id + "/vnc/websockify", "Sec-WebSocket-Protocol: binary\r\n");
  ASSERT_TRUE(client.accepted());
  EXPECT_EQ(client.handshake().field("Sec-WebSocket-Protocol"), "binary");
  EXPECT_FALSE(client.next(100ms));
  sandbox_up_ = true;
  say(id, "the sandbox is there");
  EXPECT_EQ(read(client, 12), "RFB 003.008\n");
  client.send_binary("RFB 003.008\n");
  EXPECT_EQ(read(client, 24), "RFB 003.008\nRFB 003.008\n");
}

TEST_F(Vnc, AViewerWhoLeavesWhileWaitingLeavesNothingBehind) {
  const std::string id = create_session();
  for (int i = 0; i < 50; ++i) {
    SocketClient client(port(), "/session/" + id + "/vnc/websockify");
    if (i % 2 == 0) client.send_close();
    client.drop();
    say(id, "tick");
  }
  sandbox_up_ = true;
  SocketClient client(port(), "/session/" + id + "/vnc/websockify");
  EXPECT_EQ(read(client, 12), "RFB 003.008\n");
}

TEST_F(Vnc, AWaitingViewerIsToldWhenTheSessionEnds) {
  const std::string id = create_session();
  SocketClient client(port(), "/session/" + id + "/vnc/websockify");
  ASSERT_EQ(send("DELETE", "/session/" + id).status, 202);
  finish_delete(id);
  EXPECT_EQ(client.close_code(), 4410);
  SocketClient unknown(port(), "/session/" + new_id() + "/vnc/websockify");
  EXPECT_EQ(unknown.close_code(), 4404);
  SocketClient impossible(port(), "/session/nope/vnc/websockify");
  EXPECT_EQ(impossible.close_code(), 4404);
}

TEST_F(Vnc, ThePagesAreServedAndCached) {
  ASSERT_FALSE(novnc_assets().empty()) << "built without Debian's package novnc";
  const std::string base = "/session/" + create_session() + "/vnc/";
  const auto page = get(base + "vnc.html");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.find("Content-Type"), "text/html; charset=utf-8");
  EXPECT_NE(page.body.find("app/ui.js"), std::string::npos);
  const auto script = get(base + "app/ui.js");
  EXPECT_EQ(script.headers.find("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(get(base + "core/rfb.js").status, 200);
  const std::string etag(script.headers.find("ETag").value_or(""));
  ASSERT_FALSE(etag.empty());
  EXPECT_EQ(get(base + "app/ui.js", {{"If-None-Match", etag}}).status, 304);
  EXPECT_EQ(get(base + "app/../../../etc/passwd").status, 404);
  EXPECT_EQ(get(base + "app/nothing.js").status, 404);
  EXPECT_EQ(get("/session/" + new_id() + "/vnc/vnc.html").status, 404);
}

TEST_F(Vnc, TheFolderLeadsToThePage) {
  const std::string id = create_session();
  const std::string query = "?autoconnect=1&reconnect=1&resize=scale&path=session/" + id + "/vnc/websockify";
  EXPECT_EQ(get("/session/" + id + "/vnc/").headers.find("Location"), "vnc.html" + query);
  const auto response = get("/session/" + id + "/vnc");
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(response.headers.find("Location"), "vnc/vnc.html" + query);
}

TEST_F(Vnc, TheSessionsOwnPortShowsItsDesktop) {
  sandbox_up_ = true;
  const std::string id = create_session();
  net::ListenOptions listen;
  listen.handler = api_->vnc_port_handler(id);
  auto own = server_->listen(std::move(listen));
  ASSERT_TRUE(own);
  net::test::RawClient raw((*own)->port());
  raw.send("GET /vnc.html HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(raw.response().status, 200);
  raw.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(raw.response().field("Location"), "/vnc.html?autoconnect=1&reconnect=1&resize=scale&path=websockify");
  raw.send("GET /session HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(raw.response().status, 404);
  SocketClient client((*own)->port(), "/websockify");
  EXPECT_EQ(read(client, 12), "RFB 003.008\n");
}

class McpPort : public ApiTest {
 protected:
  McpPort() {
    net::ListenOptions listen;
    listen.handler = api_->mcp_port_handler(id_);
    auto own = server_->listen(std::move(listen));
    EXPECT_TRUE(own);
    own_ = std::move(*own);
  }
  net::HttpResponse ask(const std::string& method, const std::string& path, const std::string& body = {},
                        net::Headers headers = {}) {
    net::HttpRequest request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(own_->port()) + path;
    request.headers = std::move(headers);
    request.body = body;
    auto response = http_->fetch(request, with_timeout(20s));
    EXPECT_TRUE(response) << response.error().to_string();
    return response.value_or(net::HttpResponse{});
  }

  std::string id_ = create_session();
  std::unique_ptr<net::Listener> own_;
};

TEST_F(McpPort, RelaysBothWaysWithTheSandboxesToken) {
  sandbox_up_ = true;
  sandbox_.mcp = [](net::Exchange& exchange) {
    const auto& head = exchange.request();
    EXPECT_EQ(head.headers.find("MCP-Protocol-Version"), "2025-11-25");
    EXPECT_EQ(head.headers.find("Mcp-Name"), "read_file");
    EXPECT_FALSE(head.headers.find("Origin"));
    const auto body = exchange.read_body(64 << 20);
    exchange.respond({400, {{"Content-Type", "application/json"}, {"Mcp-Session-Id", "s1"}}, head.method + *body});
  };
  const std::string big(2000000, 'j');
  const auto response = ask("POST", "/mcp", big,
                            {{"Content-Type", "application/json"},
                             {"MCP-Protocol-Version", "2025-11-25"},
                             {"Mcp-Name", "read_file"},
                             {"Authorization", "Bearer whatever"},
                             {"Origin", "http://127.0.0.1"}});
  EXPECT_EQ(response.status, 400) << "a refusal is part of the protocol";
  EXPECT_EQ(response.body, "POST" + big);
  EXPECT_EQ(response.headers.find("Mcp-Session-Id"), "s1");
  EXPECT_EQ(ask("DELETE", "/mcp", "", {{"MCP-Protocol-Version", "2025-11-25"}, {"Mcp-Name", "read_file"}}).body,
            "DELETE");
  EXPECT_EQ(ask("PUT", "/mcp").status, 405);
  EXPECT_EQ(ask("GET", "/files").status, 404);
}

TEST_F(McpPort, StreamsEventsAsTheyComeAndStopsWithTheClient) {
  sandbox_up_ = true;
  std::atomic<bool> client_left{false};
  sandbox_.mcp = [&](net::Exchange& exchange) {
    ASSERT_TRUE(exchange.start(200, {{"Content-Type", "text/event-stream"}}));
    ASSERT_TRUE(exchange.write("data: 1\n\n"));
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!exchange.client_gone().stop_requested() && std::chrono::steady_clock::now() < until) {
      std::this_thread::yield();
    }
    client_left = exchange.client_gone().stop_requested();
  };
  {
    net::test::RawClient raw(own_->port());
    raw.send("GET /mcp HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
    raw.take_until("\r\n\r\n");
    EXPECT_EQ(raw.take_until("\n\n").substr(3), "data: 1");
  }
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (!client_left && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_TRUE(client_left);
}

TEST_F(McpPort, AnOutsidersEpochDoesNotReachTheSandbox) {
  sandbox_up_ = true;
  sandbox_.mcp = [](net::Exchange& exchange) { exchange.respond({200, {}, *exchange.read_body(64 << 20)}); };
  const std::string rest = R"("ottobot/call-id":"a","progressToken":1)";
  for (const std::string key : {"ottobot/epoch", R"(ottobot\/epoch)", R"(ottobot\u002fepoch)"}) {
    const auto relayed = ask("POST", "/mcp", R"({"params":{"_meta":{)" + rest + R"(,")" + key + R"(":9}}})");
    EXPECT_EQ(json_of(relayed), Json::parse(R"({"params":{"_meta":{)" + rest + "}}}")) << key;
  }
  const std::string odd = R"({ "params": {"arguments": {"text": "ottobot/epoch \n"}, "_meta": 5} })";
  EXPECT_EQ(ask("POST", "/mcp", odd).body, odd);
}

TEST_F(McpPort, WithoutASandboxItIs503) {
  EXPECT_EQ(ask("POST", "/mcp", "{}").status, 503);
  EXPECT_EQ(ask("GET", "/health").status, 503);
  sandbox_up_ = true;
  sandbox_.mcp = [](net::Exchange& exchange) { exchange.respond({200, {}, R"({"status":"ok"})"}); };
  EXPECT_EQ(json_of(ask("GET", "/health"))["status"], "ok");
}

}  // namespace
}  // namespace ottobot::api::test
