#include "net/server/http_server.hpp"

#include "net/server_fixture.hpp"
#include "net/tls_support.hpp"

namespace ottobot::net {
namespace {

using namespace std::chrono_literals;
using namespace test;

struct Way {
  const char* name;
  bool quick;
  bool tls;
};
void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

// Everything holds wherever handlers start, and over TLS.
class HttpServerTest : public ServerFixture, public ::testing::WithParamInterface<Way> {
 protected:
  HttpServerTest() {
    quick_ = GetParam().quick;
    if (GetParam().tls) use_tls(shared_tls_context(), speak_tls);
  }
};
INSTANTIATE_TEST_SUITE_P(Handlers, HttpServerTest,
                         ::testing::Values(Way{"RunOnThePool", false, false}, Way{"StartOnTheLoop", true, false},
                                           Way{"RunOnThePoolOverTls", false, true},
                                           Way{"StartOnTheLoopOverTls", true, true}),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(HttpServerTest, WhatWasBegunBeforeItStartsReachesTheHandler) {
  ListenOptions listen;
  listen.is_quick = [](RequestHead& head) {
    head.begun = "begun for " + head.path;
    return true;
  };
  listen.handler = [](Exchange& exchange) {
    const auto* begun = std::any_cast<std::string>(&exchange.request().begun);
    exchange.respond({200, {}, begun ? *begun : "nothing"});
  };
  serve(std::move(listen));
  RawClient client = connect();
  client.send(get("/a") + get("/b"));
  EXPECT_EQ(client.response().body, "begun for /a");
  EXPECT_EQ(client.response().body, "begun for /b");
}

TEST_P(HttpServerTest, AnswersARequestWithLengthDateAndKeepAlive) {
  serve(echo);
  const auto response = ask(get("/a%20b?x=1"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "GET ");
  EXPECT_EQ(response.field("X-Path"), "/a%20b");
  EXPECT_EQ(response.field("Content-Length"), "4");
  EXPECT_EQ(response.field("Connection"), "keep-alive");
  EXPECT_EQ(response.field("Date").size(), 29u);
}

TEST_P(HttpServerTest, KeepsAConnectionForManyRequests) {
  serve(echo);
  RawClient client = connect();
  for (int i = 0; i < 200; ++i) {
    client.send(post("/", std::to_string(i)));
    ASSERT_EQ(client.response().body, "POST " + std::to_string(i));
  }
}

TEST_P(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  serve(echo);
  RawClient client = connect();
  std::string all;
  for (int i = 0; i < 50; ++i) all += i % 2 ? post("/", std::to_string(i)) : get("/" + std::to_string(i));
  client.send(all);
  for (int i = 0; i < 50; ++i) {
    const auto response = client.response();
    ASSERT_EQ(response.status, 200);
    if (i % 2) {
      ASSERT_EQ(response.body, "POST " + std::to_string(i));
    } else {
      ASSERT_EQ(response.field("X-Path"), "/" + std::to_string(i));
    }
  }
}

TEST_P(HttpServerTest, UnderstandsRequestsSplitAtEveryByte) {
  serve(echo);
  RawClient client = connect();
  const std::string request =
      "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4;a=b\r\nWiki\r\n5\r\npedia\r\n0\r\nT: "
      "1\r\n\r\n" +
      get("/next");
  for (const char c : request) ASSERT_TRUE(client.send({&c, 1}));
  EXPECT_EQ(client.response().body, "POST Wikipedia");
  EXPECT_EQ(client.response().field("X-Path"), "/next");
}

TEST_P(HttpServerTest, ClosesAfterAnHttp10RequestUnlessAskedToKeep) {
  serve(echo);
  RawClient once = connect();
  once.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(once.response().field("Connection"), "close");
  EXPECT_TRUE(once.closed_by_peer());
  RawClient kept = connect();
  kept.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(kept.response().status, 200);
  kept.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(kept.response().status, 200);
}

TEST_P(HttpServerTest, SuppressesTheBodyOfHeadAndOf204) {
  serve([](Exchange& exchange) { exchange.respond({exchange.request().path == "/none" ? 204 : 200, {}, "body"}); });
  RawClient client = connect();
  client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + get("/none") + get("/"));
  EXPECT_EQ(client.response(true).field("Content-Length"), "4");
  const auto none = client.response();
  EXPECT_EQ(none.status, 204);
  EXPECT_EQ(none.field("Content-Length"), "");
  EXPECT_EQ(client.response().body, "body");
}

TEST_P(HttpServerTest, AsksForABodyThatAwaits100ContinueOnlyWhenItIsRead) {
  serve([](Exchange& exchange) {
    if (exchange.request().path == "/no") return exchange.respond({403, {}, ""});
    echo(exchange);
  });
  RawClient client = connect();
  const std::string fields = "Host: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  client.send("POST / HTTP/1.1\r\n" + fields);
  EXPECT_EQ(client.response().status, 100);
  client.send("ab");
  EXPECT_EQ(client.response().body, "POST ab");
  client.send("POST /no HTTP/1.1\r\n" + fields);
  const auto refused = client.response();
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.field("Connection"), "close");
}

TEST_P(HttpServerTest, StreamsChunkedBodiesOfWriters) {
  serve([](Exchange& exchange) {
    ASSERT_TRUE(exchange.start(200, {{"Content-Type", "text/plain"}}));
    for (const char* part : {"a", "", "bc"}) ASSERT_TRUE(exchange.write(part));
    exchange.finish();
  });
  RawClient client = connect();
  client.send(get("/") + get("/") + "GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.response().body, "abc");
  EXPECT_EQ(client.response().body, "abc");
  const auto old = client.response();
  EXPECT_EQ(old.field("Transfer-Encoding"), "");
  EXPECT_EQ(old.body, "abc");
}

TEST_P(HttpServerTest, StreamsWithADeclaredLengthAndRefusesMore) {
  serve([](Exchange& exchange) {
    ASSERT_TRUE(exchange.start(200, {{"Content-Length", "3"}}));
    EXPECT_FALSE(exchange.write("toolong"));
    EXPECT_TRUE(exchange.write("abc"));
    exchange.finish();
  });
  RawClient client = connect();
  client.send(get("/") + get("/"));
  EXPECT_EQ(client.response().body, "abc");
  EXPECT_EQ(client.response().body, "abc");
}

TEST_P(HttpServerTest, BreaksTheConnectionOfABodyThatWasNotFinished) {
  serve([](Exchange& exchange) {
    ASSERT_TRUE(exchange.start(200, {}));
    ASSERT_TRUE(exchange.write("half"));
  });
  RawClient client = connect();
  client.send(get("/"));
  bool closed = false;
  const std::string all = client.take_rest(closed);
  EXPECT_TRUE(closed);
  EXPECT_EQ(all.find("0\r\n\r\n"), std::string::npos);
}

TEST_P(HttpServerTest, TurnsExceptionsAndSilenceOfHandlersInto500AndGoesOn) {
  serve([](Exchange& exchange) {
    if (exchange.request().path == "/throw") throw std::runtime_error("boom");
    if (exchange.request().path == "/odd") throw 1;
    if (exchange.request().path == "/ok") exchange.respond({200, {}, "ok"});
  });
  RawClient client = connect();
  client.send(get("/throw") + get("/odd") + get("/silent") + get("/ok"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.response().status, 500);
  EXPECT_EQ(client.response().body, "ok");
}

TEST_P(HttpServerTest, DoesNotLetHeaderValuesStartNewFields) {
  serve([](Exchange& exchange) { exchange.respond({200, {{"X-A", "1\r\nX-B: 2"}}, ""}); });
  const auto response = ask(get("/"));
  EXPECT_EQ(response.field("X-A"), "1  X-B: 2");
  EXPECT_EQ(response.field("X-B"), "");
}

TEST_P(HttpServerTest, TellsAReaderOfATooLargeBodyAndTheAnswerArrives) {
  serve([](Exchange& exchange) {
    auto body = exchange.read_body(10);
    ASSERT_FALSE(body);
    EXPECT_EQ(body.error().code, ErrorCode::resource_exhausted);
    exchange.respond({413, {}, "too large"});
  });
  RawClient client = connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + std::string(100000, 'x'));
  const auto response = client.response();
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(response.field("Connection"), "close");
  RawClient chunked = connect();
  chunked.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n" + std::string(20, 'x') +
               "\r\n");
  EXPECT_EQ(chunked.response().body, "too large");
}

TEST_P(HttpServerTest, AnswersAClientThatHasClosedItsSendingSide) {
  serve(echo);
  RawClient client = connect();
  client.send(post("/", "x"));
  client.end_sending();
  EXPECT_EQ(client.response().body, "POST x");
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_P(HttpServerTest, TellsTheHandlerThatItsClientHasGone) {
  Latch gone, started;
  std::optional<ErrorCode> read_error;
  serve([&](Exchange& exchange) {
    started.open();
    const std::stop_callback callback(exchange.client_gone(), [&] { gone.open(); });
    EXPECT_TRUE(gone.wait());
    auto body = exchange.read_body(100);
    if (!body) read_error = body.error().code;
  });
  RawClient client = connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  ASSERT_TRUE(started.wait());
  client.disconnect();
  EXPECT_TRUE(gone.wait());
  listener_.reset();
  EXPECT_EQ(read_error, ErrorCode::unavailable);
}

TEST_P(HttpServerTest, RefusesASlowHeadWith408) {
  HttpServerOptions options;
  options.header_timeout = 50ms;
  serve(echo, options);
  RawClient client = connect();
  client.send("GET / HTTP/1.1\r\nHo");
  EXPECT_EQ(client.response().status, 408);
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_P(HttpServerTest, TellsTheReaderOfASlowBody) {
  HttpServerOptions options;
  options.body_timeout = 50ms;
  serve(echo, options);
  RawClient client = connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  const auto response = client.response();
  EXPECT_EQ(response.status, 408);
  EXPECT_EQ(response.field("Connection"), "close");
}

TEST_P(HttpServerTest, AHandlerStartsWhenAShortBodyIsThere) {
  std::atomic<int> started{0};
  HttpServerOptions options;
  options.body_timeout = 1s;
  serve(
      [&](Exchange& exchange) {
        ++started;
        EXPECT_TRUE(exchange.body_complete());
        exchange.respond({200, {}, *exchange.read_body(100)});
      },
      options);
  RawClient whole = connect(), left = connect(), slow = connect();
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n";
  for (RawClient* client : {&whole, &left, &slow}) client->send(head + "abc");
  left.end_sending();
  EXPECT_TRUE(left.closed_by_peer());
  EXPECT_EQ(started, 0);
  whole.send("defghij" + get("/"));
  EXPECT_EQ(whole.response().body, "abcdefghij");
  EXPECT_EQ(whole.response().status, 200);
  const auto response = slow.response();
  EXPECT_EQ(response.status, 408);
  EXPECT_EQ(response.field("Connection"), "close");
  EXPECT_EQ(started, 2);
}

TEST_P(HttpServerTest, ClosesIdleConnections) {
  HttpServerOptions options;
  options.keep_alive = 50ms;
  serve(echo, options);
  RawClient client = connect();
  client.send(get("/"));
  EXPECT_EQ(client.response().status, 200);
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_P(HttpServerTest, GivesUpAClientThatTakesNothing) {
  Latch failed;
  HttpServerOptions options;
  options.write_timeout = 100ms;
  serve(
      [&](Exchange& exchange) {
        ASSERT_TRUE(exchange.start(200, {}));
        const std::string block(1 << 20, 'x');
        for (int i = 0; i < 64; ++i) {
          if (auto written = exchange.write(block); !written) {
            EXPECT_EQ(written.error().code, ErrorCode::deadline_exceeded);
            return failed.open();
          }
        }
      },
      options);
  RawClient client = connect();
  client.send(get("/"));
  EXPECT_TRUE(failed.wait());
}

TEST_P(HttpServerTest, HoldsBackAWriterWhoseClientReadsSlowly) {
  constexpr std::size_t kTotal = 20 << 20;
  std::atomic<std::size_t> written{0};
  serve([&](Exchange& exchange) {
    ASSERT_TRUE(exchange.start(200, {{"Content-Length", std::to_string(kTotal)}}));
    const std::string block(64 << 10, 'x');
    while (written < kTotal && exchange.write(block)) written += block.size();
    exchange.finish();
  });
  RawClient client = connect();
  const int small = 64 << 10;
  ::setsockopt(client.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  client.send(get("/"));
  client.take_until("\r\n\r\n");
  std::size_t taken = 0;
  while (taken < kTotal) {
    // What is written but not taken sits in kernel buffers (a few MB at most) and ours (a few 100 KB).
    ASSERT_LE(written.load(), taken + (10 << 20));
    ASSERT_EQ(client.take(64 << 10).size(), std::size_t{64 << 10});
    taken += 64 << 10;
  }
}

TEST_P(HttpServerTest, HoldsBackAClientWhoseHandlerReadsSlowly) {
  constexpr std::size_t kTotal = 20 << 20;
  Latch go;
  serve([&](Exchange& exchange) {
    EXPECT_TRUE(go.wait());
    auto body = exchange.read_body(kTotal);
    exchange.respond({200, {}, body ? std::to_string(body->size()) : body.error().message});
  });
  RawClient client = connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(kTotal) + "\r\n\r\n");
  std::atomic<std::size_t> sent{0};
  std::thread sender([&] {
    const std::string block(64 << 10, 'x');
    while (sent < kTotal && client.send(block)) sent += block.size();
  });
  std::this_thread::sleep_for(200ms);
  EXPECT_LT(sent.load(), std::size_t{16 << 20});
  go.open();
  sender.join();
  EXPECT_EQ(client.response().body, std::to_string(kTotal));
}

TEST_P(HttpServerTest, AnswersOverloadWith503AndInlineRoutesStillWork) {
  Latch go, busy;
  HttpServerOptions options;
  options.handler_threads = 1;
  options.handler_backlog = 0;
  ListenOptions listen;
  listen.handler = [&](Exchange& exchange) {
    if (exchange.request().path == "/slow") {
      busy.open();
      go.wait();
    }
    exchange.respond({200, {}, "ok"});
  };
  listen.is_inline = [](const RequestHead& head) { return head.path == "/health"; };
  serve(std::move(listen), options);
  RawClient slow = connect();
  slow.send(get("/slow"));
  ASSERT_TRUE(busy.wait());
  RawClient other = connect();
  other.send(get("/") + get("/health"));
  const auto refused = other.response();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.field("Retry-After"), "1");
  EXPECT_EQ(other.response().body, "ok");
  go.open();
  EXPECT_EQ(slow.response().body, "ok");
}

TEST_P(HttpServerTest, HandlersThatBlockHoldUpNobody) {
  constexpr int kBlocked = 12;
  Latch go;
  HttpServerOptions options;
  options.handler_threads = kBlocked + 1;
  serve(
      [&](Exchange& exchange) {
        if (exchange.request().path == "/slow") go.wait();
        exchange.respond({200, {}, exchange.request().path});
      },
      options);
  std::vector<RawClient> slow;
  for (int i = 0; i < kBlocked; ++i) {
    slow.push_back(connect());
    slow.back().send(get("/slow") + get("/after"));
    EXPECT_EQ(ask(get("/quick")).body, "/quick");
  }
  go.open();
  for (auto& client : slow) {
    EXPECT_EQ(client.response().body, "/slow");
    EXPECT_EQ(client.response().body, "/after");
  }
}

TEST_P(HttpServerTest, RefusesConnectionsOverTheLimit) {
  HttpServerOptions options;
  options.max_connections = 2;
  serve(echo, options);
  RawClient a = connect(), b = connect();
  a.send(get("/"));
  b.send(get("/"));
  EXPECT_EQ(a.response().status, 200);
  EXPECT_EQ(b.response().status, 200);
  RawClient c = connect();
  EXPECT_EQ(c.response().status, 503);
  EXPECT_TRUE(c.closed_by_peer());
}

TEST_P(HttpServerTest, ErrorsThatNoHandlerSeesHaveTheListenersBody) {
  ListenOptions listen;
  listen.handler = echo;
  listen.error_response = [](int status, const std::string& message) {
    return Response{status, {{"Content-Type", "application/json"}}, "{\"message\":\"" + message + "\"}"};
  };
  serve(std::move(listen));
  const auto response = ask("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.field("Content-Type"), "application/json");
  EXPECT_EQ(response.body, "{\"message\":\"the Host field is missing\"}");
}

TEST_P(HttpServerTest, KeepsAResponseStreamOpenWithoutAThread) {
  Latch closed;
  std::shared_ptr<ResponseStream> stream;
  Latch started;
  HttpServerOptions options;
  options.handler_threads = 1;
  serve(
      [&](Exchange& exchange) {
        if (exchange.request().path == "/other") return exchange.respond({200, {}, "ok"});
        stream = exchange.start_stream(200, {{"Content-Type", "text/event-stream"}}, {nullptr, [&] { closed.open(); }});
        started.open();
      },
      options);
  RawClient client = connect();
  client.send(get("/events"));
  ASSERT_TRUE(started.wait());
  EXPECT_EQ(ask(get("/other")).body, "ok");
  EXPECT_TRUE(stream->send("data: 1\n\n"));
  EXPECT_TRUE(stream->send("data: 2\n\n"));
  stream->finish();
  EXPECT_FALSE(stream->send("late"));
  EXPECT_EQ(client.response().body, "data: 1\n\ndata: 2\n\n");
  EXPECT_TRUE(closed.wait());
  client.send(get("/other"));
  EXPECT_EQ(client.response().body, "ok");
}

TEST_P(HttpServerTest, TellsAResponseStreamWhenItIsDrainedAndWhenItsClientHasGone) {
  Latch drained, closed, started;
  std::shared_ptr<ResponseStream> stream;
  serve([&](Exchange& exchange) {
    stream = exchange.start_stream(200, {}, {[&] { drained.open(); }, [&] { closed.open(); }});
    started.open();
  });
  RawClient client = connect();
  client.send(get("/"));
  ASSERT_TRUE(started.wait());
  for (int i = 0; i < 256; ++i) ASSERT_TRUE(stream->send(std::string(64 << 10, 'x')));
  EXPECT_GT(stream->queued_bytes(), std::size_t{64 << 10});
  client.fill(16 << 20);
  EXPECT_TRUE(drained.wait());
  client.disconnect();
  EXPECT_TRUE(closed.wait());
  EXPECT_FALSE(stream->send("late"));
}

TEST_P(HttpServerTest, ClosesAConnectionWhoseStreamIsDroppedByItsOwner) {
  serve([&](Exchange& exchange) { exchange.start_stream(200, {}, {})->send("x"); });
  EXPECT_EQ(ask(get("/")).body, "x");
}

class BridgeTest : public ServerFixture, public ::testing::WithParamInterface<bool> {
 protected:
  BridgeTest() {
    if (GetParam()) use_tls(shared_tls_context(), speak_tls);
  }
  // Serves an upgrade to the other end of a socket pair, which it returns.
  RawClient upstream(std::string early_bytes = {}) {
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    auto ours = std::make_shared<UniqueFd>(pair[0]);
    serve([ours, early_bytes](Exchange& exchange) {
      exchange.upgrade_and_bridge("raw", {}, {std::move(*ours), early_bytes});
    });
    return RawClient(UniqueFd(pair[1]));
  }
  static constexpr const char* kUpgrade = "GET /rfb HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n";
};

INSTANTIATE_TEST_SUITE_P(Clients, BridgeTest, ::testing::Bool(),
                         [](const auto& tested) { return tested.param ? "SpeakTls" : "ArePlain"; });

TEST_P(BridgeTest, CarriesBytesBothWaysEarlyOnesFirst) {
  RawClient server = upstream("RFB 003.008\n");
  RawClient client = connect();
  client.send(kUpgrade + std::string("early"));
  const auto response = client.response();
  EXPECT_EQ(response.status, 101);
  EXPECT_EQ(response.field("Upgrade"), "raw");
  EXPECT_EQ(client.take(12), "RFB 003.008\n");
  EXPECT_EQ(server.take(5), "early");
  server.send("down");
  EXPECT_EQ(client.take(4), "down");
  client.send("up");
  EXPECT_EQ(server.take(2), "up");
}

TEST_P(BridgeTest, WhatAServerSaysThatReadsNothingArrives) {
  RawClient server = upstream();
  server.send("refused");
  server.disconnect();
  RawClient client = connect();
  client.send(kUpgrade + std::string("early"));
  EXPECT_EQ(client.response().status, 101);
  EXPECT_EQ(client.take(7), "refused");
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_P(BridgeTest, PassesHalfCloseOn) {
  RawClient server = upstream();
  RawClient client = connect();
  client.send(kUpgrade);
  EXPECT_EQ(client.response().status, 101);
  client.send("last");
  client.end_sending();
  EXPECT_EQ(server.take(4), "last");
  EXPECT_TRUE(server.closed_by_peer());
  server.send("answer");
  server.end_sending();
  EXPECT_EQ(client.take(6), "answer");
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_P(BridgeTest, HoldsBackAFastUpstream) {
  RawClient server = upstream();
  RawClient client = connect();
  client.send(kUpgrade);
  EXPECT_EQ(client.response().status, 101);
  constexpr std::size_t kTotal = 32 << 20;
  std::atomic<std::size_t> sent{0};
  std::thread sender([&] {
    const std::string block(64 << 10, 'x');
    while (sent < kTotal && server.send(block)) sent += block.size();
  });
  std::this_thread::sleep_for(200ms);
  EXPECT_LT(sent.load(), kTotal);
  std::size_t taken = 0;
  while (taken < kTotal && !client.take(64 << 10).empty()) taken += 64 << 10;
  sender.join();
  EXPECT_EQ(taken, kTotal);
}

TEST_P(BridgeTest, AnswersARequestWithoutUpgradeWith426) {
  RawClient server = upstream();
  const auto response = ask(get("/rfb"));
  EXPECT_EQ(response.status, 426);
  EXPECT_EQ(response.field("Upgrade"), "raw");
}

TEST_P(HttpServerTest, ListensOnAUnixSocketAndReplacesAStaleOne) {
  const std::string path = ::testing::TempDir() + "ottobot-http-" + std::to_string(::getpid()) + ".sock";
  ListenOptions listen;
  listen.address = "unix:" + path;
  listen.unix_mode = 0600;
  listen.handler = [](Exchange& exchange) { exchange.respond({200, {}, exchange.request().peer}); };
  serve(listen);
  EXPECT_EQ(listener_->port(), 0);
  const auto again = server_->listen(listen);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
  RawClient client = connect(RawClient(path));
  client.send(get("/"));
  const std::string peer = client.response().body;
  EXPECT_EQ(peer, "unix:uid=" + std::to_string(::getuid()) + ",pid=" + std::to_string(::getpid()));
  listener_.reset();
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST_P(HttpServerTest, NamesWhyItCannotListen) {
  serve(echo);
  ListenOptions taken;
  taken.handler = echo;
  taken.port = listener_->port();
  auto result = server_->listen(taken);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::conflict);
  EXPECT_FALSE(result.error().hint.empty());
  ListenOptions name;
  name.handler = echo;
  name.address = "example.invalid";
  result = server_->listen(name);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::invalid_argument);
}

TEST_P(HttpServerTest, AListenersEndFailsWhatItsHandlersWaitForAndWaitsForThem) {
  Latch started;
  std::atomic<bool> returned{false};
  serve([&](Exchange& exchange) {
    started.open();
    EXPECT_FALSE(exchange.read_body(100));
    EXPECT_TRUE(exchange.client_gone().stop_requested());
    EXPECT_FALSE(exchange.start(200, {}));
    returned = true;
  });
  RawClient client = connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  RawClient idle = connect(), slow = connect();
  slow.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  ASSERT_TRUE(started.wait());
  const int port = listener_->port();
  listener_.reset();
  EXPECT_TRUE(returned);
  EXPECT_TRUE(idle.closed_by_peer());
  EXPECT_TRUE(slow.closed_by_peer());
  EXPECT_FALSE(RawClient(port).connected());
}

TEST_P(HttpServerTest, AListenerAndAStreamMayOutliveTheServer) {
  std::shared_ptr<ResponseStream> stream;
  Latch started;
  serve([&](Exchange& exchange) {
    stream = exchange.start_stream(200, {}, {});
    started.open();
  });
  RawClient client = connect();
  client.send(get("/"));
  ASSERT_TRUE(started.wait());
  server_.reset();
  EXPECT_FALSE(stream->send("x"));
  stream.reset();
  listener_.reset();
}

TEST_P(HttpServerTest, StopsAcceptingButServesWhatIsOpen) {
  serve(echo);
  RawClient client = connect();
  client.send(get("/"));
  EXPECT_EQ(client.response().status, 200);
  listener_->stop_accepting();
  EXPECT_FALSE(RawClient(listener_->port()).connected());
  client.send(get("/"));
  EXPECT_EQ(client.response().status, 200);
}

TEST_P(HttpServerTest, RunsPostedTasksOnItsPool) {
  serve(echo);
  Latch ran;
  EXPECT_TRUE(server_->post([&] { ran.open(); }));
  EXPECT_TRUE(ran.wait());
}

TEST(RequestHeadTest, ReadsQueryParameters) {
  RequestHead head;
  head.query = "a=1&b=x%20y+z&flag&a=2&bad=%zz&%63=d";
  EXPECT_EQ(head.query_param("a"), "1");
  EXPECT_EQ(head.query_param("b"), "x y z");
  EXPECT_EQ(head.query_param("flag"), "");
  EXPECT_EQ(head.query_param("c"), "d");
  EXPECT_EQ(head.query_param("bad"), std::nullopt);
  EXPECT_EQ(head.query_param("none"), std::nullopt);
}

}  // namespace
}  // namespace ottobot::net
