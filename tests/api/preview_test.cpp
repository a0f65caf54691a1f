// Apps in sandboxes through the API's port.
#include "api/preview_target.hpp"

#include "api/access_fixture.hpp"
#include "net/process/unix_socket.hpp"

#include <fstream>

namespace ottobot::api::test {
namespace {

struct Heard {
  std::string method, target, body;
  net::Headers headers;
};

class Echo final : public net::WebSocketObserver {
 public:
  void on_message(std::string payload, bool) override { socket->send_text("app: " + payload); }
  void on_drained() override {}
  void on_close(int) override {}
  std::shared_ptr<net::WebSocket> socket;
};

// An app on the loopback, and a sandbox that leads to it.
class App {
 public:
  explicit App(FakeSandbox& sandbox) {
    server_ = std::move(*net::make_http_server({}));
    net::ListenOptions options;
    options.handler = [this](net::Exchange& exchange) { handle(exchange); };
    listener_ = std::move(*server_->listen(std::move(options)));
    sandbox.tcp = [](net::Exchange& exchange) {
      const int port = std::stoi(exchange.request().path.substr(5));
      auto fd = net::connect_tcp("localhost", port, with_timeout(5s));
      if (!fd) return exchange.respond({503, {}, R"({"message":"nobody listens"})"});
      exchange.upgrade_and_bridge("tcp", {}, {std::move(*fd), {}});
    };
  }

  int port() const { return listener_->port(); }
  std::vector<Heard> heard() {
    std::lock_guard lock(mutex_);
    return heard_;
  }

  // Set before the first request.
  std::string prefix;  // that it was told; it then answers below it only
  std::function<bool(net::Exchange&)> first;

 private:
  void handle(net::Exchange& exchange) {
    const net::RequestHead& head = exchange.request();
    {
      auto body = exchange.read_body(1 << 20);
      std::lock_guard lock(mutex_);
      heard_.push_back({head.method, head.target, body.value_or("?"), head.headers});
    }
    if (first && first(exchange)) return;
    if (!prefix.empty() && head.path == "/") return exchange.respond({302, {{"Location", prefix + "/"}}, ""});
    if (!head.path.starts_with(prefix + "/") || head.path.ends_with("/missing")) {
      return exchange.respond({404, {}, "the app has no " + head.path});
    }
    if (!head.headers.has_token("Upgrade", "websocket")) {
      return exchange.respond({200, {{"Content-Type", "text/html"}, {"X-App", "1"}}, "the app at " + head.target});
    }
    const auto echo = std::make_shared<Echo>();
    net::WebSocketOptions options;
    options.subprotocols = {"vite-hmr"};
    auto socket = exchange.accept_websocket(options, echo);
    if (socket) echo->socket = *socket;
  }

  std::mutex mutex_;
  std::vector<Heard> heard_;
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<net::Listener> listener_;
};

const net::Headers kOpened{{"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Dest", "document"}};

class PreviewRoute : public ApiTest {
 protected:
  PreviewRoute() { sandbox_up_ = true; }
  // Everything that leads to the app goes before it.
  ~PreviewRoute() override {
    listener_.reset();
    api_.reset();
  }

  std::string prefix_of(const std::string& id) const {
    return "/session/" + id + "/preview/" + std::to_string(app_.port());
  }
  net::Headers own_host(const std::string& id, net::Headers headers = {}) const {
    headers.add("Host", preview_host(id, app_.port(), "localhost") + ":" + std::to_string(port()));
    return headers;
  }
  static std::string field(const net::HttpResponse& response, const char* name) {
    return std::string(response.headers.find(name).value_or(""));
  }

  App app_{sandbox_};
};

TEST_F(PreviewRoute, PassesRequestsAndAnswersOn) {
  const std::string id = create_session();
  const auto page = get(prefix_of(id) + "/a%20b?x=1&y", {{"Accept-Language", "de"}});
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body, "the app at /a%20b?x=1&y");
  EXPECT_EQ(field(page, "X-App"), "1");
  EXPECT_NE(field(page, "Content-Security-Policy").find("sandbox"), std::string::npos);
  const std::string large(600 << 10, 'x');
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    EXPECT_EQ(send(method, prefix_of(id) + "/form", large).status, 200) << method;
    const Heard last = app_.heard().back();
    EXPECT_EQ(last.method, method);
    EXPECT_EQ(last.body.size(), large.size());
  }
  const Heard first = app_.heard().front();
  EXPECT_EQ(first.headers.find("Accept-Language"), "de");
  EXPECT_EQ(first.headers.find("Host"), "localhost:" + std::to_string(app_.port()));
  EXPECT_EQ(send("HEAD", prefix_of(id) + "/").status, 200);
}

TEST_F(PreviewRoute, AddsTheSlashThatRelativeLinksNeed) {
  const std::string id = create_session();
  const auto response = get(prefix_of(id) + "?x=1");
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(field(response, "Location"), prefix_of(id) + "/?x=1");
}

TEST_F(PreviewRoute, WebSocketsGoBothWays) {
  const std::string id = create_session();
  SocketClient client(port(), prefix_of(id) + "/ws", "Sec-WebSocket-Protocol: vite-hmr\r\nOrigin: null\r\n");
  ASSERT_TRUE(client.accepted()) << client.handshake().status;
  EXPECT_EQ(client.handshake().field("Sec-WebSocket-Protocol"), "vite-hmr");
  client.send_text("hello");
  EXPECT_EQ(client.next(), "app: hello");
}

TEST_F(PreviewRoute, WebSocketsEndWithTheApi) {
  const std::string id = create_session();
  SocketClient client(port(), prefix_of(id) + "/ws");
  client.send_text("hello");
  ASSERT_EQ(client.next(), "app: hello");
  api_.reset();
  EXPECT_TRUE(client.breaks_off());
}

TEST_F(PreviewRoute, AnAppThatRefusesAWebSocketIsHeard) {
  SocketClient client(port(), prefix_of(create_session()) + "/missing");
  EXPECT_EQ(client.handshake().status, 404);
}

TEST_F(PreviewRoute, AnAppThatWasToldItsPrefixGetsTheWholePath) {
  const std::string id = create_session();
  app_.prefix = prefix_of(id);
  const auto page = get(prefix_of(id) + "/src/main.js");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body, "the app at " + prefix_of(id) + "/src/main.js");
  EXPECT_EQ(get(prefix_of(id) + "/").body, "the app at " + prefix_of(id) + "/");
  const auto missing = get(prefix_of(id) + "/missing");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.body, "the app has no " + prefix_of(id) + "/missing");
}

TEST_F(PreviewRoute, TheKindOfAnAppIsFoundByItsFirstRequestWhateverItIs) {
  const std::string id = create_session();
  app_.prefix = prefix_of(id);
  SocketClient client(port(), prefix_of(id) + "/ws");
  EXPECT_TRUE(client.accepted()) << client.handshake().status;
  const std::string other = create_session();
  app_.prefix = prefix_of(other);
  EXPECT_EQ(send("POST", prefix_of(other) + "/form", "x").status, 200);
}

TEST_F(PreviewRoute, AnAppThatForgetsItsPrefixIsFoundAgain) {
  const std::string id = create_session();
  app_.prefix = prefix_of(id);
  ASSERT_EQ(get(prefix_of(id) + "/a").status, 200);
  app_.prefix.clear();  // somebody started another one on its port
  app_.first = [&](net::Exchange& exchange) {
    if (!exchange.request().path.starts_with("/session/")) return false;
    exchange.respond({404, {}, ""});
    return true;
  };
  EXPECT_EQ(get(prefix_of(id) + "/a").body, "the app at /a");
  EXPECT_EQ(send("POST", prefix_of(id) + "/a", "x").body, "the app at /a");
}

TEST_F(PreviewRoute, WhatAnAppDoesNotHaveItSaysItself) {
  const auto missing = get(prefix_of(create_session()) + "/missing");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.body, "the app has no /missing");
}

TEST_F(PreviewRoute, SaysWhatIsMissing) {
  const std::string id = create_session();
  const auto nobody = get("/session/" + id + "/preview/1/");
  EXPECT_EQ(nobody.status, 503);
  EXPECT_NE(get_string(json_of(nobody), "message").find("port 1 "), std::string::npos);
  EXPECT_NE(get_string(json_of(nobody), "hint").find("start the app"), std::string::npos);
  EXPECT_EQ(get("/session/" + id + "/preview/0/").status, 400);
  EXPECT_EQ(get("/session/" + id + "/preview/http/").status, 400);
  EXPECT_EQ(get("/session/" + new_id() + "/preview/80/").status, 404);
  sandbox_up_ = false;
  EXPECT_EQ(get(prefix_of(id) + "/").status, 503);
  finish_delete(id);
  EXPECT_EQ(get(prefix_of(id) + "/").status, 409);
}

TEST_F(PreviewRoute, WhoOpensAnAppTooEarlyGetsAPageThatLooksAgain) {
  const std::string id = create_session();
  const std::string host = preview_host(id, 1, "localhost");
  auto headers = kOpened;
  headers.add("Host", host);
  const auto page = get("/", headers);
  EXPECT_EQ(page.status, 503);
  EXPECT_EQ(field(page, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_NE(page.body.find("http-equiv=\"refresh\""), std::string::npos);
}

TEST_F(PreviewRoute, ABrowserOnThisMachineIsLedToTheAppsOwnHost) {
  const std::string id = create_session();
  for (const char* host : {"localhost", "127.0.0.1", "[::1]"}) {
    auto headers = kOpened;
    headers.add("Host", std::string(host) + ":8080");
    const auto response = get(prefix_of(id) + "/a?x=1", headers);
    EXPECT_EQ(response.status, 302) << host;
    EXPECT_EQ(field(response, "Location"), "http://" + preview_host(id, app_.port(), "localhost") + ":8080/a?x=1");
  }
  auto elsewhere = kOpened;
  elsewhere.add("Host", "devbox:3000");
  EXPECT_EQ(get(prefix_of(id) + "/a", elsewhere).status, 200) << "a browser that does not know such names";
}

TEST_F(PreviewRoute, AtItsOwnHostAnAppHasEverything) {
  const std::string id = create_session();
  app_.first = [](net::Exchange& exchange) {
    if (exchange.request().path != "/cookie") return false;
    exchange.respond({302, {{"Set-Cookie", "a=b; Path=/"}, {"Location", "/after"}}, ""});
    return true;
  };
  const auto page = get("/session/x?ticket=the+apps", own_host(id));
  EXPECT_EQ(page.body, "the app at /session/x?ticket=the+apps") << "no route of ours";
  EXPECT_EQ(field(page, "Content-Security-Policy"), "");
  const auto cookie = get("/cookie", own_host(id));
  EXPECT_EQ(field(cookie, "Set-Cookie"), "a=b; Path=/");
  EXPECT_EQ(field(cookie, "Location"), "/after");
  EXPECT_EQ(get("/health", own_host(id)).body, "the app at /health");
}

TEST_F(PreviewRoute, ForeignPagesAreKeptOut) {
  const std::string id = create_session();
  const net::Headers evil{{"Origin", "http://evil.example"}};
  EXPECT_EQ(get(prefix_of(id) + "/", evil).status, 403);
  EXPECT_EQ(get("/", own_host(id, evil)).status, 403);
  EXPECT_EQ(get("/", own_host(id, {{"Origin", "null"}})).status, 403);
  EXPECT_EQ(get("/", own_host(id, {{"Origin", "null"}, {"Sec-Fetch-Site", "same-origin"}})).status, 200);
  const std::string own = "http://" + std::string(*own_host(id).find("Host"));
  EXPECT_EQ(get("/", own_host(id, {{"Origin", own}})).status, 200);
  EXPECT_EQ(get("/", own_host(id, {{"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Mode", "no-cors"}})).status, 403);
  EXPECT_EQ(get("/", own_host(id, {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}})).status, 200);
  EXPECT_EQ(send("POST", "/session", R"({"initial_prompt":"x"})", {{"Origin", own}}).status, 403)
      << "an app is a foreign page for the API";
}

TEST_F(PreviewRoute, ThePageOfTheServerRunsNothingOfAnApp) {
  const std::string id = create_session();
  const auto as = [&](const char* kind) {
    return get(prefix_of(id) + "/x.js", {{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Dest", kind}}).status;
  };
  EXPECT_EQ(as("script"), 403);
  EXPECT_EQ(as("serviceworker"), 403);
  EXPECT_EQ(as("empty"), 200);
}

TEST_F(PreviewRoute, WithoutFetchMetadataWhatWantsAPageIsOpened) {
  const std::string id = create_session();
  EXPECT_EQ(get(prefix_of(id) + "/a", {{"Accept", "text/html,*/*"}}).status, 302);
  EXPECT_EQ(get(prefix_of(id) + "/a", {{"Accept", "*/*"}}).status, 200);
}

TEST_F(PreviewRoute, PreflightsOfPagesWithoutOriginAreAnsweredHere) {
  const std::string id = create_session();
  const auto response =
      send("OPTIONS", prefix_of(id) + "/", "",
           {{"Origin", "null"}, {"Access-Control-Request-Method", "PUT"}, {"Access-Control-Request-Headers", "x-a"}});
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(field(response, "Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(field(response, "Access-Control-Allow-Headers"), "x-a");
  EXPECT_TRUE(app_.heard().empty());
}

TEST_F(PreviewRoute, AnAnswerThatIsCutIsNotWhole) {
  app_.first = [](net::Exchange& exchange) {
    (void)exchange.start(200, {{"Content-Length", "1000"}});
    (void)exchange.write("half");
    return true;
  };
  net::HttpRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(port()) + prefix_of(create_session()) + "/";
  EXPECT_FALSE(http_->fetch(request, with_timeout(20s)));
}

class PreviewAccess : public AccessTest {
 protected:
  ~PreviewAccess() override {
    listener_.reset();
    api_.reset();
  }
  std::string prefix_of(const std::string& id) const {
    return "/session/" + id + "/preview/" + std::to_string(app_.port());
  }
  static std::string field(const net::HttpResponse& response, const char* name) {
    return std::string(response.headers.find(name).value_or(""));
  }

  App app_{sandbox_};
};

TEST_F(PreviewAccess, TheTicketGoesFromTheUrlIntoACookieOfTheApp) {
  const std::string id = create_session("alice");
  const auto opened = get(prefix_of(id) + "/a?x=1&ticket=" + ticket_for(id), kOpened);
  ASSERT_EQ(opened.status, 302);
  const std::string own = "http://" + preview_host(id, app_.port(), "localhost") + ":" + std::to_string(port());
  const std::string first = field(opened, "Location");
  ASSERT_TRUE(first.starts_with(own + "/a?ottobot_ticket=")) << first;
  const net::Headers host{{"Host", own.substr(7)}};
  const auto entered = get(first.substr(own.size()), host);
  ASSERT_EQ(entered.status, 302);
  EXPECT_EQ(field(entered, "Location"), "/a?x=1");
  const std::string cookie = field(entered, "Set-Cookie");
  EXPECT_NE(cookie.find("; HttpOnly; SameSite=Lax"), std::string::npos);
  const std::string pair = cookie.substr(0, cookie.find(';'));
  const auto page = get("/a?x=1", {{"Host", own.substr(7)}, {"Cookie", "mine=1; " + pair}});
  EXPECT_EQ(page.body, "the app at /a?x=1");
  EXPECT_EQ(app_.heard().back().headers.find("Cookie"), "mine=1");
  EXPECT_EQ(get("/a", host).status, 401);
  const std::string other = create_session("alice");
  EXPECT_EQ(get("/a", {{"Host", preview_host(other, app_.port(), "localhost")}, {"Cookie", pair}}).status, 401);
  const std::string apps_ticket = pair.substr(pair.find('=') + 1);
  EXPECT_EQ(get("/session/" + id + "?ticket=" + apps_ticket).status, 401) << "the app gets to see it";
  EXPECT_EQ(
      send("POST", "/session/" + id + "/messages", R"({"content":"x"})", {{"Authorization", "Bearer " + apps_ticket}})
          .status,
      401);
  const std::string viewing = "ottobot_ticket=" + ticket_for(id, DesktopRole::view);
  EXPECT_EQ(get("/a", {{"Host", own.substr(7)}, {"Cookie", viewing}}).status, 403);
  EXPECT_EQ(app_.heard().size(), 1u);
}

TEST_F(PreviewAccess, WithoutSuchNamesTheTicketStaysInThePath) {
  options_.preview_domain.clear();
  restart(options_);
  const std::string id = create_session("alice"), ticket = ticket_for(id);
  const auto opened = get(prefix_of(id) + "/a/b?ticket=" + ticket + "&x=1", kOpened);
  EXPECT_EQ(opened.status, 302);
  const std::string location = field(opened, "Location");
  ASSERT_TRUE(location.starts_with(prefix_of(id) + "/~") && location.ends_with("/a/b?x=1")) << location;
  EXPECT_EQ(get(location).body, "the app at /a/b?x=1");
  EXPECT_EQ(get(prefix_of(id) + "/~for.ged/a").status, 401);
  const std::string given = location.substr(prefix_of(id).size() + 2, location.find("/a/b") - prefix_of(id).size() - 2);
  EXPECT_EQ(get("/session/" + id + "?ticket=" + given).status, 401) << "the app gets to see it";
  EXPECT_EQ(log_.text().find(given), std::string::npos);
  EXPECT_NE(log_.text().find(prefix_of(id) + "/~/a/b"), std::string::npos);
}

TEST_F(PreviewAccess, AKeyIsNotForTheApp) {
  const std::string id = create_session("alice");
  EXPECT_EQ(get(prefix_of(id) + "/", key_of("alice")).status, 200);
  EXPECT_FALSE(app_.heard().back().headers.find("Authorization"));
  EXPECT_EQ(get(prefix_of(id) + "/?ticket=" + ticket_for(id)).status, 200);
  EXPECT_EQ(app_.heard().back().target, "/");
  EXPECT_EQ(get(prefix_of(id) + "/", key_of("bob")).status, 404);
}

TEST_F(PreviewAccess, ASocketEndsWhenItsUserHasNoKeyAnyMore) {
  const std::string keys = std::filesystem::temp_directory_path() / ("preview-keys-" + std::to_string(::getpid()));
  std::ofstream(keys) << "alice:key-of-alice-1234\nbob:key-of-bob-12345\n";
  options_.access.api_keys = keys;
  restart(options_);
  const std::string id = create_session("alice");
  SocketClient socket(port(), prefix_of(id) + "/ws?ticket=" + ticket_for(id));
  socket.send_text("hello");
  ASSERT_EQ(socket.next(), "app: hello");
  std::ofstream(keys) << "bob:key-of-bob-12345\n";
  manual_.advance(2s);  // the file is looked at once a second
  EXPECT_TRUE(socket.breaks_off());
  std::filesystem::remove(keys);
}

TEST_F(PreviewAccess, ADomainOfTheServersServesEverybody) {
  options_.preview_domain = "apps.example.com";
  options_.public_url = "https://ottobot.example.com:8443";
  restart(options_);
  const std::string id = create_session("alice");
  const auto opened = get(prefix_of(id) + "/?ticket=" + ticket_for(id), kOpened);
  const std::string location = field(opened, "Location");
  const std::string own = "https://" + preview_host(id, app_.port(), "apps.example.com") + ":8443/?ottobot_ticket=";
  EXPECT_TRUE(location.starts_with(own)) << location;
  const auto entered = get(location.substr(own.size() - 17), {{"Host", own.substr(8, own.find("/?") - 8)}});
  EXPECT_EQ(entered.status, 302);
  EXPECT_EQ(field(entered, "Location"), "/");
  EXPECT_TRUE(field(entered, "Set-Cookie").starts_with("__Host-ottobot_ticket="));
  EXPECT_NE(field(entered, "Set-Cookie").find("; Secure"), std::string::npos);
}

}  // namespace
}  // namespace ottobot::api::test
