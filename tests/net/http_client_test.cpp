#include "net/client/http_client.hpp"

#include <atomic>
#include <filesystem>
#include <future>

#include "net/raw_peer.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::net {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawConnection;
using testing::RawPeer;

RawPeer::Handler always(std::function<void(RawConnection&, const std::string&)> answer) {
  return [answer = std::move(answer)](RawConnection& connection) {
    for (std::string request = connection.read_request(); !request.empty(); request = connection.read_request()) {
      answer(connection, request);
    }
  };
}

HttpRequest get(const std::string& url) {
  HttpRequest request;
  request.url = url;
  return request;
}

HttpRequest with_method(const std::string& method) {
  HttpRequest request = get("http://127.0.0.1/");
  request.method = method;
  return request;
}

HttpRequest with_field(const std::string& name, const std::string& value) {
  HttpRequest request = get("http://127.0.0.1/");
  request.headers.add(name, value);
  return request;
}

std::string body_of(const std::string& request) { return request.substr(request.find("\r\n\r\n") + 4); }

class RecordingSink : public ResponseSink {
 public:
  Result<void> on_head(int status, const Headers&) override {
    status_ = status;
    return {};
  }
  Result<void> on_body(std::string_view bytes) override {
    bytes_.append(bytes);
    return {};
  }
  int status_ = 0;
  std::string bytes_;
};

class HttpClientTest : public ::testing::Test {
 protected:
  HttpClientTest() { std::filesystem::create_directories(folder_); }
  ~HttpClientTest() override { std::filesystem::remove_all(folder_); }

  Endpoint unix_endpoint(const std::string& name = "s") const { return {"unix:" + folder_ + "/" + name, "tok", {}}; }
  std::string unix_path(const std::string& name = "s") const { return folder_ + "/" + name; }

  const std::string folder_ = "/tmp/ottobot-client-" + new_id();
  std::unique_ptr<HttpClient> client_ = std::move(*make_http_client());
  CallContext ctx_ = with_timeout(20s);
};

TEST_F(HttpClientTest, FetchesStatusHeadersAndBodyOverOneConnection) {
  RawPeer peer(always([](RawConnection& connection, const std::string& request) {
    connection.send("HTTP/1.1 418 Teapot\r\nX-Kind: pot\r\nContent-Length: " + std::to_string(request.size()) +
                    "\r\n\r\n" + request);
  }));
  for (int i = 0; i < 3; ++i) {
    HttpRequest request;
    request.url = peer.url("/a?b=c");
    request.headers.add("X-Mine", "yes");
    auto response = client_->fetch(request, ctx_);
    ASSERT_TRUE(response) << response.error().to_string();
    EXPECT_EQ(response->status, 418);
    EXPECT_EQ(response->headers.find("x-kind"), "pot");
    EXPECT_THAT(response->body, HasSubstr("GET /a?b=c HTTP/1.1\r\n"));
    EXPECT_THAT(response->body, HasSubstr("X-Mine: yes\r\n"));
    EXPECT_THAT(response->body, HasSubstr("User-Agent: ottobot\r\n"));
  }
  EXPECT_EQ(peer.accepted(), 1);
}

TEST_F(HttpClientTest, SendsBodiesWithoutInventedHeaders) {
  RawPeer peer(always([](RawConnection& connection, const std::string& request) { connection.answer(request); }));
  HttpRequest request;
  request.method = "POST";
  request.url = peer.url();
  request.body = std::string(2 << 20, 'x');
  auto response = client_->fetch(request, ctx_);
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(body_of(response->body), request.body);
  EXPECT_THAT(response->body.substr(0, 500), Not(HasSubstr("Expect")));
  EXPECT_THAT(response->body.substr(0, 500), Not(HasSubstr("Content-Type")));
  request.method = "PUT";
  request.body.clear();
  response = client_->fetch(request, ctx_);
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_THAT(response->body, HasSubstr("PUT / HTTP/1.1\r\n"));
  EXPECT_THAT(response->body, HasSubstr("Content-Length: 0\r\n"));
  request.method = "DELETE";
  response = client_->fetch(request, ctx_);
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_THAT(response->body, HasSubstr("DELETE / HTTP/1.1\r\n"));
}

TEST_F(HttpClientTest, StreamsARequestBodyFromItsSource) {
  RawPeer peer(
      always([](RawConnection& connection, const std::string& request) { connection.answer(body_of(request)); }));
  const std::string whole(300000, 'z');
  std::size_t at = 0;
  HttpRequest request;
  request.method = "PUT";
  request.url = peer.url();
  request.headers.set("Content-Length", std::to_string(whole.size()));
  request.body_source = [&](char* buffer, std::size_t size) {
    const std::size_t count = std::min(size, whole.size() - at);
    whole.copy(buffer, count, at);
    at += count;
    return count;
  };
  auto response = client_->fetch(request, ctx_);
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->body, whole);
}

TEST_F(HttpClientTest, HeadHasNoBody) {
  RawPeer peer(always([](RawConnection& connection, const std::string&) {
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
  }));
  HttpRequest request;
  request.method = "HEAD";
  request.url = peer.url();
  auto response = client_->fetch(request, ctx_);
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->headers.find("Content-Length"), "1000");
  EXPECT_EQ(response->body, "");
}

TEST_F(HttpClientTest, SkipsInterimAnswersAndFollowsNoRedirect) {
  RawPeer peer(always([](RawConnection& connection, const std::string&) {
    connection.send(
        "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 302 Found\r\nLocation: /x\r\n"
        "Content-Length: 2\r\n\r\nhi");
  }));
  auto response = client_->fetch(get(peer.url()), ctx_);
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->status, 302);
  EXPECT_FALSE(response->headers.find("X-Early"));
  EXPECT_EQ(response->body, "hi");
}

TEST_F(HttpClientTest, DecodesGzip) {
  // printf 'hello hello hello' | gzip -n
  const unsigned char zipped[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xcb, 0x48, 0xcd, 0xc9,
                                  0xc9, 0x57, 0xc8, 0x40, 0x90, 0x00, 0x80, 0x88, 0xf9, 0xe5, 0x11, 0x00, 0x00, 0x00};
  const std::string body(reinterpret_cast<const char*>(zipped), sizeof zipped);
  RawPeer peer(always([&](RawConnection& connection, const std::string& request) {
    EXPECT_THAT(request, HasSubstr("gzip"));
    connection.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + std::to_string(body.size()) +
                    "\r\n\r\n" + body);
  }));
  auto response = client_->fetch(get(peer.url()), ctx_);
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->body, "hello hello hello");
  EXPECT_FALSE(response->headers.find("Content-Encoding"));
  EXPECT_FALSE(response->headers.find("Content-Length"));
}

TEST_F(HttpClientTest, RefusesAnAnswerOverTheLimit) {
  RawPeer peer(
      always([](RawConnection& connection, const std::string&) { connection.answer(std::string(5000, 'x')); }));
  HttpRequest request = get(peer.url());
  request.max_body_bytes = 4999;
  EXPECT_EQ(client_->fetch(request, ctx_).error().code, ErrorCode::resource_exhausted);
  request.max_body_bytes = 5000;
  EXPECT_TRUE(client_->fetch(request, ctx_));
}

TEST_F(HttpClientTest, RefusesRequestsThatHttpCannotCarry) {
  EXPECT_EQ(client_->fetch(get("ftp://127.0.0.1/"), ctx_).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(client_->fetch(get("http://"), ctx_).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(client_->fetch(with_method("GE T"), ctx_).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(client_->fetch(with_field("X", "a\r\nY: b"), ctx_).error().code, ErrorCode::invalid_argument);
}

TEST_F(HttpClientTest, NobodyListeningIsUnavailableWithAHint) {
  int port = 0;
  {
    RawPeer gone([](RawConnection&) {});
    port = std::stoi(gone.url().substr(17));
  }
  auto response = client_->fetch(get("http://127.0.0.1:" + std::to_string(port) + "/secret?key=1"), ctx_);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::unavailable);
  EXPECT_THAT(response.error().hint, HasSubstr("refused"));
  EXPECT_THAT(response.error().to_string(), Not(HasSubstr("key=1")));
}

TEST_F(HttpClientTest, AConnectionLostInTheBodyIsUnavailable) {
  RawPeer peer([](RawConnection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
  });
  RecordingSink sink;
  auto done = client_->stream(get(peer.url()), sink, ctx_);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::unavailable);
  EXPECT_EQ(sink.bytes_, "short");
}

TEST_F(HttpClientTest, APeerThatDoesNotSpeakHttpIsAnError) {
  RawPeer peer([](RawConnection& connection) {
    connection.read_request();
    connection.send("SSH-2.0-OpenSSH_9.2\r\n");
  });
  auto response = client_->fetch(get(peer.url()), ctx_);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::internal);
  EXPECT_THAT(response.error().hint, HasSubstr("speak HTTP"));
}

TEST_F(HttpClientTest, StopAbortsABlockedCallAndClosesItsConnection) {
  std::promise<void> asked, closed;
  RawPeer peer([&](RawConnection& connection) {
    connection.read_request();
    asked.set_value();
    connection.wait_closed();
    closed.set_value();
  });
  std::stop_source stop;
  auto call =
      std::async(std::launch::async, [&] { return client_->fetch(get(peer.url()), ctx_.with_stop(stop.get_token())); });
  asked.get_future().wait();
  stop.request_stop();
  auto response = call.get();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::cancelled);
  EXPECT_EQ(closed.get_future().wait_for(10s), std::future_status::ready);
}

TEST_F(HttpClientTest, DeadlineEndsACallThatNobodyAnswers) {
  RawPeer peer([](RawConnection& connection) { connection.wait_closed(); });
  auto response = client_->fetch(get(peer.url()), ctx_.within(50ms));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::deadline_exceeded);
}

TEST_F(HttpClientTest, IdleTimeoutEndsAStreamThatFallsSilent) {
  RawPeer peer([](RawConnection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    connection.wait_closed();
  });
  RecordingSink sink;
  HttpRequest request = get(peer.url());
  request.idle_timeout = 80ms;
  auto done = client_->stream(request, sink, ctx_);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::deadline_exceeded);
  EXPECT_THAT(done.error().message, HasSubstr("80 ms"));
  EXPECT_EQ(sink.bytes_, "hello");
}

TEST_F(HttpClientTest, AnErrorOfTheSinkAbortsAndIsTheResult) {
  class Refusing final : public RecordingSink {
    Result<void> on_body(std::string_view) override { return data_loss("no thanks"); }
  };
  std::promise<void> closed;
  RawPeer peer([&](RawConnection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    connection.wait_closed();
    closed.set_value();
  });
  Refusing sink;
  auto done = client_->stream(get(peer.url()), sink, ctx_);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::data_loss);
  EXPECT_EQ(closed.get_future().wait_for(10s), std::future_status::ready);
}

TEST_F(HttpClientTest, ASlowSinkHoldsBackThePeerAndLosesNothing) {
  constexpr std::size_t kTotal = 64 << 20;
  std::atomic<std::size_t> sent{0};
  RawPeer peer([&](RawConnection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kTotal) + "\r\n\r\n");
    const std::string block(1 << 16, 'b');
    while (sent < kTotal && connection.send(block)) sent += block.size();
  });
  class Slow final : public RecordingSink {
   public:
    explicit Slow(std::atomic<std::size_t>& sent_by_peer) : sent_(sent_by_peer) {}
    Result<void> on_body(std::string_view bytes) override {
      if (received_ == 0) wait_until_peer_is_stuck();
      received_ += bytes.size();
      largest_ = std::max(largest_, bytes.size());
      return {};
    }
    void wait_until_peer_is_stuck() {
      std::size_t before = 0;
      do {
        before = sent_;
        std::this_thread::sleep_for(200ms);
      } while (sent_ != before);
      stuck_at_ = before;
    }
    std::atomic<std::size_t>& sent_;
    std::size_t received_ = 0, largest_ = 0, stuck_at_ = 0;
  };
  Slow sink(sent);
  auto done = client_->stream(get(peer.url()), sink, ctx_);
  ASSERT_TRUE(done) << done.error().to_string();
  EXPECT_EQ(sink.received_, kTotal);
  EXPECT_LT(sink.stuck_at_, kTotal / 2);
  EXPECT_LE(sink.largest_, std::size_t{1} << 20);
}

TEST_F(HttpClientTest, SpeaksToAnEndpointOnAUnixSocketWithItsToken) {
  RawPeer peer(always([](RawConnection& connection, const std::string& request) { connection.answer(request); }),
               unix_path());
  Endpoint endpoint = unix_endpoint();
  endpoint.peer_uid = ::getuid();
  for (int i = 0; i < 3; ++i) {
    auto response = client_->fetch(request_to(endpoint, "GET", "/health?x=1"), ctx_);
    ASSERT_TRUE(response) << response.error().to_string();
    EXPECT_THAT(response->body, HasSubstr("GET /health?x=1 HTTP/1.1\r\n"));
    EXPECT_THAT(response->body, HasSubstr("Authorization: Bearer tok\r\n"));
  }
  EXPECT_EQ(peer.accepted(), 1);
}

TEST_F(HttpClientTest, NeverMixesUpTwoEndpoints) {
  const auto saying = [](std::string name) {
    return always([name](RawConnection& connection, const std::string&) { connection.answer(name); });
  };
  RawPeer a(saying("a"), unix_path("a")), b(saying("b"), unix_path("b"));
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, name = std::string(i % 2 == 0 ? "a" : "b")] {
      for (int round = 0; round < 25; ++round) {
        auto response = client_->fetch(request_to(unix_endpoint(name), "GET", "/"), ctx_);
        if (response && response->body == name) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 200);
}

TEST_F(HttpClientTest, AWrongUserAtTheEndpointIsRefused) {
  RawPeer peer(always([](RawConnection& connection, const std::string&) { connection.answer("gotcha"); }), unix_path());
  Endpoint endpoint = unix_endpoint();
  endpoint.peer_uid = ::getuid() + 1;
  auto response = client_->fetch(request_to(endpoint, "GET", "/"), ctx_);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::permission_denied);
}

TEST_F(HttpClientTest, AMissingEndpointIsUnavailable) {
  auto response = client_->fetch(request_to(unix_endpoint("nobody"), "GET", "/"), ctx_);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::unavailable);
  EXPECT_THAT(response.error().message, HasSubstr("nobody"));
}

TEST_F(HttpClientTest, SpeaksToAnEndpointOnTcpUnderItsOwnName) {
  RawPeer peer(always([](RawConnection& connection, const std::string& request) { connection.answer(request); }));
  auto response = client_->fetch(request_to({peer.url(""), "tok", {}}, "POST", "/mcp"), ctx_);
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_THAT(response->body, HasSubstr("POST /mcp HTTP/1.1\r\n"));
}

// The first sandbox dies with an idle connection in our pool; its successor listens on the same path.
TEST_F(HttpClientTest, APooledConnectionToADeadEndpointIsNoFailure) {
  const auto saying = [](std::string name) {
    return always([name](RawConnection& connection, const std::string&) { connection.answer(name); });
  };
  for (int round = 0; round < 20; ++round) {
    RawPeer peer(saying(std::to_string(round)), unix_path());
    auto response = client_->fetch(request_to(unix_endpoint(), "GET", "/"), ctx_);
    ASSERT_TRUE(response) << response.error().to_string();
    EXPECT_EQ(response->body, std::to_string(round));
  }
}

// As many dead connections as a busy session leaves behind; libcurl alone gives up after five.
TEST_F(HttpClientTest, APoolFullOfDeadConnectionsIsNoFailure) {
  for (const std::string method : {"GET", "POST"}) {
    {
      std::atomic<int> waiting{0};
      std::promise<void> all_here;
      auto gate = all_here.get_future().share();
      RawPeer peer(always([&](RawConnection& connection, const std::string&) {
                     if (++waiting == 10) all_here.set_value();
                     gate.wait();
                     connection.answer("old");
                   }),
                   unix_path());
      std::vector<std::future<Result<HttpResponse>>> calls;
      for (int i = 0; i < 10; ++i) {
        calls.push_back(std::async(std::launch::async,
                                   [&] { return client_->fetch(request_to(unix_endpoint(), "GET", "/"), ctx_); }));
      }
      for (auto& call : calls) ASSERT_TRUE(call.get());
    }
    RawPeer successor(always([](RawConnection& connection, const std::string&) { connection.answer("new"); }),
                      unix_path());
    auto response = client_->fetch(request_to(unix_endpoint(), method, "/"), ctx_);
    ASSERT_TRUE(response) << method << " " << response.error().to_string();
    EXPECT_EQ(response->body, "new");
  }
}

// The harder case: the connection looks alive when the request is written and is closed without an answer.
TEST_F(HttpClientTest, AReusedConnectionThatClosesUnansweredIsTriedAfresh) {
  RawPeer peer([](RawConnection& connection) {
    connection.read_request();
    connection.answer("first");
    if (connection.read_request().empty() || connection.number() == 0) return;
    connection.answer("second");
  });
  ASSERT_TRUE(client_->fetch(get(peer.url()), ctx_));
  auto response = client_->fetch(get(peer.url()), ctx_);
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(peer.accepted(), 2);
}

TEST_F(HttpClientTest, WaitsForRoomInAFullBacklog) {
  std::promise<void> begin;
  auto may_accept = begin.get_future().share();
  auto listener = listen_unix(unix_path(), 0600);
  ASSERT_TRUE(listener);
  ASSERT_EQ(::listen(listener->get(), 0), 0);
  std::vector<UniqueFd> queued;
  while (auto fd = connect_unix(unix_path(), {}, ctx_.within(5ms))) queued.push_back(std::move(*fd));
  auto call =
      std::async(std::launch::async, [&] { return client_->fetch(request_to(unix_endpoint(), "GET", "/"), ctx_); });
  EXPECT_EQ(call.wait_for(50ms), std::future_status::timeout);
  for (std::size_t i = 0; i < queued.size(); ++i) UniqueFd(::accept(listener->get(), nullptr, nullptr));
  pollfd ready{listener->get(), POLLIN, 0};
  ASSERT_EQ(::poll(&ready, 1, 10000), 1);
  RawConnection connection(UniqueFd(::accept(listener->get(), nullptr, nullptr)), 0);
  connection.read_request();
  connection.answer("at last");
  auto response = call.get();
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->body, "at last");
}

TEST_F(HttpClientTest, ABacklogThatStaysFullEndsWithTheConnectTimeout) {
  auto listener = listen_unix(unix_path(), 0600);
  ASSERT_TRUE(listener);
  ASSERT_EQ(::listen(listener->get(), 0), 0);
  std::vector<UniqueFd> queued;
  while (auto fd = connect_unix(unix_path(), {}, ctx_.within(5ms))) queued.push_back(std::move(*fd));
  HttpRequest request = request_to(unix_endpoint(), "GET", "/");
  request.connect_timeout = 100ms;
  auto response = client_->fetch(request, ctx_);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::unavailable);
}

TEST_F(HttpClientTest, ManyCallsRunAtOnce) {
  std::atomic<int> waiting{0};
  std::promise<void> all_here;
  auto gate = all_here.get_future().share();
  RawPeer peer([&](RawConnection& connection) {
    connection.read_request();
    if (++waiting == 20) all_here.set_value();
    gate.wait();
    connection.answer("ok");
  });
  std::vector<std::future<Result<HttpResponse>>> calls;
  for (int i = 0; i < 20; ++i) {
    calls.push_back(std::async(std::launch::async, [&] { return client_->fetch(get(peer.url()), ctx_); }));
  }
  for (auto& call : calls) EXPECT_TRUE(call.get());
}

TEST_F(HttpClientTest, DestructionAbortsRunningCalls) {
  std::promise<void> asked;
  RawPeer peer([&](RawConnection& connection) {
    connection.read_request();
    asked.set_value();
    connection.wait_closed();
  });
  HttpClient* const client = client_.get();
  auto call = std::async(std::launch::async, [&] { return client->fetch(get(peer.url()), ctx_); });
  asked.get_future().wait();
  client_.reset();
  auto response = call.get();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::cancelled);
}

TEST_F(HttpClientTest, LoopbackNeverGoesThroughAProxy) {
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  RawPeer peer(always([](RawConnection& connection, const std::string&) { connection.answer("direct"); }));
  auto response = client_->fetch(get(peer.url()), ctx_);
  ::unsetenv("http_proxy");
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->body, "direct");
}

TEST_F(HttpClientTest, OtherHostsGoThroughTheProxyOfTheEnvironment) {
  RawPeer proxy(always([](RawConnection& connection, const std::string& request) { connection.answer(request); }));
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  auto response = client_->fetch(get("http://example.invalid/x"), ctx_);
  ::unsetenv("http_proxy");
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_THAT(response->body, HasSubstr("GET http://example.invalid/x HTTP/1.1\r\n"));
}

}  // namespace
}  // namespace ottobot::net
