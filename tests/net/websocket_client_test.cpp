#include "net/client/websocket_client.hpp"

#include <gtest/gtest.h>

#include <array>
#include <future>

#include "net/raw_peer.hpp"
#include "net/server_fixture.hpp"
#include "net/tls_support.hpp"
#include "net/websocket/websocket_codec.hpp"

namespace ottobot::net {
namespace {

using namespace std::chrono_literals;

class Echo final : public WebSocketObserver {
 public:
  void on_message(std::string payload, bool) override {
    const std::lock_guard lock(mutex_);
    if (payload == "bye") return socket_->close(4410, "deleted");
    socket_->send_text(std::move(payload));
  }
  void on_drained() override {}
  void on_close(int) override {}
  void set(std::shared_ptr<WebSocket> socket) {
    const std::lock_guard lock(mutex_);
    socket_ = std::move(socket);
  }

 private:
  std::mutex mutex_;  // guards socket_
  std::shared_ptr<WebSocket> socket_;
};

class WebSocketClientTest : public test::ServerFixture, public ::testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      auto context = make_tls_context(folder_.files(), system_clock(), null_logger());
      ASSERT_TRUE(context) << context.error().to_string();
      tls_ = std::move(*context);
    }
    serve([](Exchange& exchange) {
      if (exchange.request().path == "/refused") {
        return exchange.respond({401, {}, R"({"error":"Unauthorized","message":"no key","hint":"send one"})"});
      }
      if (exchange.request().path == "/plain") return exchange.respond({200, {}, "hello"});
      WebSocketOptions options;
      options.max_message_bytes = 8 << 20;
      auto echo = std::make_shared<Echo>();
      auto socket = exchange.accept_websocket(options, echo);
      if (!socket) return;
      if (const auto token = exchange.request().headers.find("Authorization")) {
        (*socket)->send_text(std::string(*token));
      }
      echo->set(std::move(*socket));
    });
  }

  Result<std::unique_ptr<WebSocketClient>> open(const std::string& path, Headers headers = {}) {
    WebSocketRequest request;
    request.url = (tls_ ? "wss://127.0.0.1:" : "ws://127.0.0.1:") + std::to_string(listener_->port()) + path;
    request.headers = std::move(headers);
    request.ca_file = tls_ ? folder_.files().cert.string() : "";
    return connect_websocket(request, ctx());
  }
  static CallContext ctx() { return with_timeout(10s); }

  test::TlsFolder folder_;
};
INSTANTIATE_TEST_SUITE_P(Servers, WebSocketClientTest, ::testing::Bool(),
                         [](const auto& tested) { return tested.param ? "SpeakTls" : "ArePlain"; });

TEST_P(WebSocketClientTest, MessagesOfEverySizeComeBackWhole) {
  auto socket = open("/");
  ASSERT_TRUE(socket) << socket.error().to_string();
  for (const std::size_t size : {0u, 1u, 125u, 126u, 65535u, 65536u, 3'000'000u}) {
    const std::string text(size, 'x');
    // Sent from another thread: both directions are at work at once.
    std::thread sender([&] { EXPECT_TRUE((*socket)->send_text(text, ctx())); });
    const auto back = (*socket)->receive(ctx());
    sender.join();
    ASSERT_TRUE(back) << back.error().to_string();
    EXPECT_EQ(back->payload, text);
  }
}

TEST_P(WebSocketClientTest, HeadersArriveAndTheServersCodeIsTold) {
  auto socket = open("/?q=1", {{"Authorization", "Bearer k"}});
  ASSERT_TRUE(socket) << socket.error().to_string();
  EXPECT_EQ((*socket)->receive(ctx())->payload, "Bearer k");
  ASSERT_TRUE((*socket)->send_text("bye", ctx()));
  const auto last = (*socket)->receive(ctx());
  ASSERT_TRUE(last) << last.error().to_string();
  EXPECT_EQ(last->kind, WebSocketMessage::Kind::closed);
  EXPECT_EQ(last->close_code, 4410);
}

TEST_P(WebSocketClientTest, ARefusalKeepsItsReasonAndHint) {
  const auto refused = open("/refused");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unauthenticated);
  EXPECT_EQ(refused.error().message, "no key");
  EXPECT_EQ(refused.error().hint, "send one");
  EXPECT_EQ(open("/plain").error().code, ErrorCode::unsupported);
}

TEST_P(WebSocketClientTest, AStopTokenAndADeadlineEndAReceive) {
  auto socket = open("/");
  ASSERT_TRUE(socket) << socket.error().to_string();
  std::stop_source stop;
  std::thread stopper([&] { stop.request_stop(); });
  EXPECT_EQ((*socket)->receive(ctx().with_stop(stop.get_token())).error().code, ErrorCode::cancelled);
  stopper.join();
  EXPECT_EQ((*socket)->receive(with_timeout(10ms)).error().code, ErrorCode::deadline_exceeded);
  ASSERT_TRUE((*socket)->send_text("still there", ctx()));
  EXPECT_EQ((*socket)->receive(ctx())->payload, "still there");
}

TEST_P(WebSocketClientTest, NothingIsSentAfterTheGoodbye) {
  auto socket = open("/");
  ASSERT_TRUE(socket) << socket.error().to_string();
  (*socket)->close(1000);
  EXPECT_EQ((*socket)->send_text("late", ctx()).error().code, ErrorCode::unavailable);
  EXPECT_EQ((*socket)->receive(ctx())->kind, WebSocketMessage::Kind::closed);
}

TEST_P(WebSocketClientTest, NobodyListeningIsUnavailable) {
  listener_.reset();
  WebSocketRequest request;
  request.url = "ws://127.0.0.1:1/";
  EXPECT_EQ(connect_websocket(request, ctx()).error().code, ErrorCode::unavailable);
  request.url = "ftp://127.0.0.1/";
  EXPECT_EQ(connect_websocket(request, ctx()).error().code, ErrorCode::invalid_argument);
  request.url = "ws://127.0.0.1:1/a b\r\nX: y";
  EXPECT_EQ(connect_websocket(request, ctx()).error().code, ErrorCode::invalid_argument);
}

std::string field_of(const std::string& request, const std::string& name) {
  const auto at = request.find(name + ": ") + name.size() + 2;
  return request.substr(at, request.find("\r\n", at) - at);
}

std::string switching(const std::string& request) {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
         websocket_accept_key(field_of(request, "Sec-WebSocket-Key")) + "\r\n\r\n";
}

Result<WebSocketMessage> first_message(testing::RawPeer& peer, std::chrono::milliseconds ping_interval = 20s) {
  WebSocketRequest request;
  request.url = peer.url();
  request.ping_interval = ping_interval;
  auto socket = connect_websocket(request, with_timeout(10s));
  if (!socket) return fail(socket.error());
  return (*socket)->receive(with_timeout(10s));
}

TEST(WebSocketClient, TakesFramesThatComeWithTheHandshakeAndInPieces) {
  testing::RawPeer peer([](testing::RawConnection& connection) {
    const auto request = connection.read_request();
    // "hello" in two fragments with a ping between them.
    connection.send(switching(request) + std::string("\x01\x03hel\x89\x01p", 8));
    connection.send(std::string("\x80\x02lo", 4));
    connection.wait_closed();
  });
  const auto message = first_message(peer);
  ASSERT_TRUE(message) << message.error().to_string();
  EXPECT_EQ(message->payload, "hello");
}

TEST(WebSocketClient, AMaskedFrameOfAServerIsAViolation) {
  testing::RawPeer peer([](testing::RawConnection& connection) {
    connection.send(switching(connection.read_request()) + std::string("\x81\x81"
                                                                       "abcd"
                                                                       "x",
                                                                       7));
    connection.wait_closed();
  });
  EXPECT_EQ(first_message(peer).error().code, ErrorCode::internal);
}

TEST(WebSocketClient, AnAnswerToAnotherKeyIsRefused) {
  testing::RawPeer peer([](testing::RawConnection& connection) {
    connection.read_request();
    connection.send(switching("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
    connection.wait_closed();
  });
  EXPECT_EQ(first_message(peer).error().code, ErrorCode::internal);
}

TEST(WebSocketClient, ASilentPeerIsNoticed) {
  testing::RawPeer peer([](testing::RawConnection& connection) {
    connection.send(switching(connection.read_request()));
    connection.wait_closed();
  });
  const auto message = first_message(peer, 20ms);
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().code, ErrorCode::unavailable);
}

// Takes nothing until it is told to, and then all there is.
class LazyPeer {
 public:
  ~LazyPeer() {
    if (!reads_) may_read_.set_value();
  }
  std::string url() const { return peer_.url(); }
  void wait_for_first_byte() { begun_.get_future().wait(); }
  std::string read_all() {
    reads_ = true;
    may_read_.set_value();
    return got_.get_future().get();
  }

 private:
  bool reads_ = false;
  std::promise<void> begun_, may_read_;
  std::promise<std::string> got_;
  testing::RawPeer peer_{[this](testing::RawConnection& connection) {
    connection.send(switching(connection.read_request()));
    std::array<char, 4096> chunk;
    (void)::recv(connection.fd(), chunk.data(), 1, MSG_PEEK);
    begun_.set_value();
    may_read_.get_future().wait();
    std::string all;
    for (ssize_t got = 0; (got = ::recv(connection.fd(), chunk.data(), chunk.size(), 0)) > 0;) {
      all.append(chunk.data(), static_cast<std::size_t>(got));
    }
    got_.set_value(std::move(all));
  }};
};

// With a message on its way that is larger than what the kernel takes.
class WebSocketClientStuck : public ::testing::Test {
 protected:
  static constexpr std::size_t kHuge = 64 << 20;

  void SetUp() override {
    WebSocketRequest request;
    request.url = peer_.url();
    auto socket = connect_websocket(request, with_timeout(10s));
    ASSERT_TRUE(socket) << socket.error().to_string();
    socket_ = std::move(*socket);
    sent_ = std::async(std::launch::async, [this] {
      return socket_->send_text(std::string(kHuge, 'x'), with_timeout(60s).with_stop(stop_.get_token()));
    });
    peer_.wait_for_first_byte();
  }

  LazyPeer peer_;
  std::unique_ptr<WebSocketClient> socket_;
  std::stop_source stop_;
  std::future<Result<void>> sent_;
};

TEST_F(WebSocketClientStuck, NothingFollowsAMessageThatWasSentInPart) {
  stop_.request_stop();
  EXPECT_EQ(sent_.get().error().code, ErrorCode::cancelled);
  const auto next = socket_->send_text("next", with_timeout(10s));
  EXPECT_FALSE(next);
  if (!next) {
    EXPECT_EQ(next.error().code, ErrorCode::unavailable);
  }
  EXPECT_EQ(socket_->receive(with_timeout(10s)).error().code, ErrorCode::unavailable);
  EXPECT_LT(peer_.read_all().size(), kHuge);
}

TEST_F(WebSocketClientStuck, WhoWaitsForItsTurnHasADeadlineOfItsOwn) {
  EXPECT_EQ(socket_->send_text("next", with_timeout(20ms)).error().code, ErrorCode::deadline_exceeded);
  stop_.request_stop();
}

TEST_F(WebSocketClientStuck, ClosingEndsIt) {
  socket_->close(1000);
  const auto outcome = sent_.get();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::unavailable) << outcome.error().to_string();
  EXPECT_LT(peer_.read_all().size(), kHuge);
}

TEST(WebSocketClient, AnswersThatNeverComeEndWithTheDeadline) {
  testing::RawPeer peer([](testing::RawConnection& connection) { connection.wait_closed(); });
  WebSocketRequest request;
  request.url = peer.url();
  request.connect_timeout = 30ms;
  EXPECT_EQ(connect_websocket(request, with_timeout(10s)).error().code, ErrorCode::deadline_exceeded);
}

}  // namespace
}  // namespace ottobot::net
