#include <deque>

#include "net/server_fixture.hpp"
#include "net/tls_support.hpp"

namespace ottobot::net {
namespace {

using namespace std::chrono_literals;
using namespace test;

enum Opcode : unsigned char { kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

// A masked frame as a client sends it, written from RFC 6455 §5.2 and not with the codec under test.
std::string frame(unsigned char opcode, std::string payload, bool final = true, bool masked = true) {
  std::string out;
  out.push_back(static_cast<char>((final ? 0x80 : 0) | opcode));
  const unsigned char mask_bit = masked ? 0x80 : 0;
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(mask_bit | payload.size()));
  } else {
    const int bytes = payload.size() < 65536 ? 2 : 8;
    out.push_back(static_cast<char>(mask_bit | (bytes == 2 ? 126 : 127)));
    for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(payload.size() >> (8 * i)));
  }
  if (!masked) return out + payload;
  const char key[4] = {0x12, 0x34, 0x56, 0x78};
  out.append(key, 4);
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ key[i % 4]);
  return out + payload;
}

std::string close_payload(int code) { return {static_cast<char>(code >> 8), static_cast<char>(code & 255)}; }

struct Frame {
  int opcode = -1;
  std::string payload;
  int code() const {
    if (payload.size() < 2) return 0;
    return static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]);
  }
};

Frame read_frame(RawClient& client) {
  const std::string head = client.take(2);
  if (head.size() < 2) return {};
  std::uint64_t size = static_cast<unsigned char>(head[1]) & 0x7F;
  if (size >= 126) {
    const std::string more = client.take(size == 126 ? 2 : 8);
    size = 0;
    for (const char c : more) size = size * 256 + static_cast<unsigned char>(c);
  }
  return {head[0] & 0x0F, client.take(static_cast<std::size_t>(size))};
}

class RecordingObserver : public WebSocketObserver {
 public:
  void on_message(std::string payload, bool binary) override {
    if (react) react(payload);
    const std::lock_guard lock(mutex_);
    messages_.emplace_back(std::move(payload), binary);
    changed_.notify_all();
  }
  void on_drained() override { drained.open(); }
  void on_close(int code) override {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(close_code_, 0) << "on_close came twice";
    close_code_ = code;
    changed_.notify_all();
  }
  std::pair<std::string, bool> message() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, 10s, [&] { return !messages_.empty(); })) return {"(none)", false};
    auto first = std::move(messages_.front());
    messages_.pop_front();
    return first;
  }
  std::size_t pending() {
    const std::lock_guard lock(mutex_);
    return messages_.size();
  }
  int close_code() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 10s, [&] { return close_code_ != 0; });
    return close_code_;
  }

  std::function<void(const std::string&)> react;  // set before the socket starts
  Latch drained;

 private:
  std::mutex mutex_;  // guards messages_, close_code_
  std::condition_variable changed_;
  std::deque<std::pair<std::string, bool>> messages_;
  int close_code_ = 0;
};

constexpr const char* kHandshake =
    "GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

class WebSocketFixture : public ServerFixture {
 protected:
  void serve_socket(WebSocketOptions options = {}) {
    serve([this, options](Exchange& exchange) {
      if (exchange.request().path != "/chat") return echo(exchange);
      auto accepted = exchange.accept_websocket(options, observer_);
      if (!accepted) return;
      socket_ = *accepted;
      accepted_.open();
    });
  }
  RawClient open(const std::string& more_bytes = {}, const std::string& fields = {}) {
    RawClient client = connect();
    client.send(kHandshake + fields + "\r\n" + more_bytes);
    response_ = client.response();
    EXPECT_EQ(response_.status, 101);
    EXPECT_TRUE(accepted_.wait());
    return client;
  }

  std::shared_ptr<RecordingObserver> observer_ = std::make_shared<RecordingObserver>();
  std::shared_ptr<WebSocket> socket_;
  Latch accepted_;
  RawResponse response_;
};

class WebSocketTest : public WebSocketFixture, public ::testing::WithParamInterface<bool> {
 protected:
  WebSocketTest() {
    if (GetParam()) use_tls(shared_tls_context(), speak_tls);
  }
};
INSTANTIATE_TEST_SUITE_P(Clients, WebSocketTest, ::testing::Bool(),
                         [](const auto& tested) { return tested.param ? "SpeakTls" : "ArePlain"; });

TEST_P(WebSocketTest, AnswersTheHandshakeOfTheRfcAndDeliversFramesOfTheSameSegment) {
  serve_socket();
  RawClient client = open(frame(kText, "hello") + frame(kBinary, "bytes"));
  EXPECT_EQ(response_.field("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(response_.field("Sec-WebSocket-Protocol"), "");
  EXPECT_EQ(response_.field("Sec-WebSocket-Extensions"), "");
  EXPECT_EQ(observer_->message(), std::pair(std::string("hello"), false));
  EXPECT_EQ(observer_->message(), std::pair(std::string("bytes"), true));
}

TEST_P(WebSocketTest, UpgradesAReusedConnection) {
  serve_socket();
  RawClient client = connect();
  client.send(post("/", "x") + kHandshake + "\r\n" + frame(kText, "hi"));
  EXPECT_EQ(client.response().body, "POST x");
  EXPECT_EQ(client.response().status, 101);
  EXPECT_EQ(observer_->message().first, "hi");
}

TEST_P(WebSocketTest, ChoosesTheFirstOfItsSubprotocolsThatIsOffered) {
  WebSocketOptions options;
  options.subprotocols = {"binary", "base64"};
  serve_socket(options);
  RawClient client = open({}, "Sec-WebSocket-Protocol: chat, base64\r\n");
  EXPECT_EQ(response_.field("Sec-WebSocket-Protocol"), "base64");
}

TEST_P(WebSocketTest, RefusesWhatIsNoHandshake) {
  serve_socket();
  EXPECT_EQ(ask(get("/chat")).status, 426);
  const std::string upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
  const auto old =
      ask(get("/chat", upgrade + "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
  EXPECT_EQ(old.status, 426);
  EXPECT_EQ(old.field("Sec-WebSocket-Version"), "13");
  EXPECT_EQ(ask(get("/chat", upgrade + "Sec-WebSocket-Version: 13\r\n")).status, 400);
  EXPECT_EQ(ask(get("/chat", upgrade + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n")).status, 400);
}

TEST_P(WebSocketTest, SendsFramesOfEverySize) {
  serve_socket();
  RawClient client = open();
  for (const std::size_t size : {0u, 125u, 126u, 65535u, 65536u, 300000u}) {
    const std::string payload(size, 'x');
    socket_->send_text(payload);
    const Frame got = read_frame(client);
    EXPECT_EQ(got.opcode, kText);
    EXPECT_EQ(got.payload.size(), size);
    client.send(frame(kBinary, payload));
    EXPECT_EQ(observer_->message().first.size(), size);
  }
}

TEST_P(WebSocketTest, UnderstandsFramesSplitAtEveryByte) {
  serve_socket();
  RawClient client = open();
  const std::string bytes = frame(kText, "frag", false) + frame(kPing, "p") + frame(kContinuation, "mented") +
                            frame(kText, std::string(200, 'y'));
  for (const char c : bytes) client.send({&c, 1});
  EXPECT_EQ(observer_->message().first, "fragmented");
  EXPECT_EQ(observer_->message().first, std::string(200, 'y'));
  const Frame pong = read_frame(client);
  EXPECT_EQ(pong.opcode, kPong);
  EXPECT_EQ(pong.payload, "p");
}

TEST_P(WebSocketTest, AnswersACloseWithTheSameCode) {
  serve_socket();
  RawClient client = open();
  client.send(frame(kClose, close_payload(3001) + "bye"));
  const Frame answer = read_frame(client);
  EXPECT_EQ(answer.opcode, kClose);
  EXPECT_EQ(answer.code(), 3001);
  EXPECT_TRUE(client.closed_by_peer());
  EXPECT_EQ(observer_->close_code(), 3001);
}

TEST_P(WebSocketTest, ReportsACloseWithoutACodeAs1005AndABrokenConnectionAs1006) {
  serve_socket();
  RawClient client = open();
  client.send(frame(kClose, ""));
  EXPECT_EQ(read_frame(client).opcode, kClose);
  EXPECT_EQ(observer_->close_code(), 1005);
  observer_ = std::make_shared<RecordingObserver>();
  RawClient other = open();
  other.disconnect();
  EXPECT_EQ(observer_->close_code(), 1006);
}

TEST_P(WebSocketTest, FlushesWhatIsQueuedBeforeItsOwnCloseAndDropsWhatComesLater) {
  serve_socket();
  RawClient client = open();
  socket_->send_text(std::string(3 << 20, 'x'));
  socket_->close(4410, "deleted");
  socket_->send_text("late");
  EXPECT_EQ(read_frame(client).payload.size(), std::size_t{3 << 20});
  const Frame close = read_frame(client);
  EXPECT_EQ(close.opcode, kClose);
  EXPECT_EQ(close.code(), 4410);
  EXPECT_EQ(close.payload.substr(2), "deleted");
  client.send(frame(kClose, close_payload(4410)));
  EXPECT_TRUE(client.closed_by_peer());
  EXPECT_EQ(observer_->close_code(), 4410);
}

TEST_P(WebSocketTest, DoesNotWaitLongForThePeersClose) {
  serve_socket();
  RawClient client = open();
  socket_->close(1000, "");
  EXPECT_EQ(read_frame(client).code(), 1000);
  EXPECT_TRUE(client.closed_by_peer());
  EXPECT_EQ(observer_->close_code(), 1000);
}

struct Violation {
  const char* name;
  std::string bytes;
  int code;
};

class WebSocketViolationTest : public WebSocketFixture, public ::testing::WithParamInterface<Violation> {};

TEST_P(WebSocketViolationTest, IsClosedWithItsCode) {
  WebSocketOptions options;
  options.max_message_bytes = 1000;
  serve_socket(options);
  RawClient client = open();
  client.send(GetParam().bytes);
  const Frame close = read_frame(client);
  EXPECT_EQ(close.opcode, kClose);
  EXPECT_EQ(close.code(), GetParam().code);
  EXPECT_TRUE(client.closed_by_peer());
  EXPECT_EQ(observer_->close_code(), GetParam().code);
  EXPECT_EQ(observer_->pending(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc6455, WebSocketViolationTest,
    ::testing::Values(
        Violation{"TooLarge", frame(kText, std::string(1001, 'x')), 1009},
        Violation{"TooLargeInFragments",
                  frame(kText, std::string(600, 'x'), false) + frame(kContinuation, std::string(600, 'x')), 1009},
        Violation{"InvalidUtf8", frame(kText, "\xff\xfe"), 1007}, Violation{"CutUtf8", frame(kText, "\xc3"), 1007},
        Violation{"CutUtf8InFragments", frame(kText, "a", false) + frame(kContinuation, "\xc3"), 1007},
        Violation{"Unmasked", frame(kText, "x", true, false), 1002}, Violation{"ReservedOpcode", frame(3, "x"), 1002},
        Violation{"ReservedBit", std::string("\xc1\x80\0\0\0\0", 6), 1002},
        Violation{"LoneContinuation", frame(kContinuation, "x"), 1002},
        Violation{"TextWithinFragments", frame(kText, "x", false) + frame(kText, "y"), 1002},
        Violation{"LongPing", frame(kPing, std::string(126, 'x')), 1002},
        Violation{"FragmentedPing", frame(kPing, "x", false), 1002},
        Violation{"OneByteClose", frame(kClose, "x"), 1002},
        Violation{"ReservedCloseCode", frame(kClose, close_payload(1005)), 1002}),
    [](const auto& param) { return param.param.name; });

TEST_P(WebSocketTest, PingsASilentPeerAndClosesOneThatStaysSilent) {
  WebSocketOptions options;
  options.ping_interval = 50ms;
  serve_socket(options);
  RawClient client = open();
  EXPECT_EQ(read_frame(client).opcode, kPing);
  EXPECT_EQ(observer_->close_code(), 1006);
}

TEST_P(WebSocketTest, KeepsAPeerThatAnswersPings) {
  WebSocketOptions options;
  options.ping_interval = 100ms;
  serve_socket(options);
  RawClient client = open();
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(read_frame(client).opcode, kPing);
    client.send(frame(kPong, ""));
  }
  client.send(frame(kText, "alive"));
  EXPECT_EQ(observer_->message().first, "alive");
}

TEST_P(WebSocketTest, ClosesAReaderThatIsTooSlowAndReportsDraining) {
  WebSocketOptions options;
  options.max_queued_bytes = 32 << 20;
  serve_socket(options);
  RawClient client = open();
  for (int i = 0; i < 16; ++i) socket_->send_binary(std::string(1 << 20, 'x'));
  EXPECT_GT(socket_->queued_bytes(), std::size_t{64 << 10});
  for (int i = 0; i < 16; ++i) ASSERT_EQ(read_frame(client).payload.size(), std::size_t{1 << 20});
  EXPECT_TRUE(observer_->drained.wait());
  for (int i = 0; i < 64; ++i) socket_->send_binary(std::string(1 << 20, 'x'));
  EXPECT_EQ(observer_->close_code(), 1013);
}

TEST_P(WebSocketTest, HoldsMessagesBackWhilePaused) {
  observer_->react = [&](const std::string&) { socket_->pause_reading(); };
  serve_socket();
  RawClient client = open();
  client.send(frame(kText, "1") + frame(kText, "2") + frame(kText, "3"));
  EXPECT_EQ(observer_->message().first, "1");
  EXPECT_EQ(observer_->pending(), 0u);
  socket_->resume_reading();
  EXPECT_EQ(observer_->message().first, "2");
  EXPECT_EQ(observer_->pending(), 0u);
  socket_->resume_reading();
  EXPECT_EQ(observer_->message().first, "3");
}

class WebSocketBridgeTest : public WebSocketTest {
 protected:
  WebSocketBridgeTest() {
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    ours_.reset(pair[0]);
    upstream_ = RawClient(UniqueFd(pair[1]));
  }
  UniqueFd ours_;
  RawClient upstream_{UniqueFd()};
};

INSTANTIATE_TEST_SUITE_P(Clients, WebSocketBridgeTest, ::testing::Bool(),
                         [](const auto& tested) { return tested.param ? "SpeakTls" : "ArePlain"; });

TEST_P(WebSocketBridgeTest, TurnsFramesIntoBytesAndBack) {
  serve_socket();
  RawClient client = open();
  socket_->bridge({std::move(ours_), "greeting"}, nullptr);
  EXPECT_EQ(read_frame(client).payload, "greeting");
  client.send(frame(kBinary, "up") + frame(kBinary, "stream"));
  EXPECT_EQ(upstream_.take(8), "upstream");
  upstream_.send("down");
  const Frame down = read_frame(client);
  EXPECT_EQ(down.opcode, kBinary);
  EXPECT_EQ(down.payload, "down");
  upstream_.disconnect();
  EXPECT_EQ(read_frame(client).code(), 1000);
  client.send(frame(kClose, close_payload(1000)));
  EXPECT_EQ(observer_->close_code(), 1000);
}

TEST_P(WebSocketBridgeTest, DeliversTheFramesBeforeItToTheObserverAndTheRestUpstream) {
  observer_->react = [&](const std::string&) { socket_->bridge({std::move(ours_), {}}, nullptr); };
  serve_socket();
  RawClient client = open(frame(kText, "password") + frame(kBinary, "bytes"));
  EXPECT_EQ(observer_->message().first, "password");
  EXPECT_EQ(upstream_.take(5), "bytes");
  client.disconnect();
  EXPECT_TRUE(upstream_.closed_by_peer());
  EXPECT_EQ(observer_->close_code(), 1006);
}

// Passes everything in upper case until there is a '!'.
class Shouting final : public ByteFilter {
 public:
  int filter(std::string_view bytes, std::string& out) override {
    for (const char c : bytes) {
      if (c == '!') return 1002;
      if (c != ' ') out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return 0;
  }
};

TEST_P(WebSocketBridgeTest, AFilterSeesWhatTheClientSaysAndMayEndIt) {
  serve_socket();
  RawClient client = open();
  socket_->bridge({std::move(ours_), "greeting"}, std::make_unique<Shouting>());
  EXPECT_EQ(read_frame(client).payload, "greeting");
  client.send(frame(kBinary, "u p") + frame(kBinary, "  ") + frame(kBinary, "st"));
  EXPECT_EQ(upstream_.take(4), "UPST");
  client.send(frame(kBinary, "re!am") + frame(kBinary, "more"));
  EXPECT_EQ(read_frame(client).code(), 1002);
  EXPECT_EQ(upstream_.take(2), "RE");
  EXPECT_TRUE(upstream_.closed_by_peer());
  client.send(frame(kClose, close_payload(1002)));
  EXPECT_EQ(observer_->close_code(), 1002);
}

TEST_P(WebSocketBridgeTest, HoldsBackAFastUpstreamWithoutLosingAByte) {
  serve_socket();
  RawClient client = open();
  socket_->bridge({std::move(ours_), {}}, nullptr);
  constexpr std::size_t kTotal = 32 << 20;
  std::thread sender([&] {
    const std::string block(64 << 10, 'x');
    for (std::size_t sent = 0; sent < kTotal && upstream_.send(block); sent += block.size()) {
    }
  });
  std::this_thread::sleep_for(100ms);
  EXPECT_LE(socket_->queued_bytes(), std::size_t{512 << 10});
  std::size_t taken = 0;
  while (taken < kTotal) {
    const Frame got = read_frame(client);
    ASSERT_EQ(got.opcode, kBinary);
    taken += got.payload.size();
  }
  sender.join();
  EXPECT_EQ(taken, kTotal);
}

TEST_P(WebSocketBridgeTest, HoldsBackAFastClientWithoutLosingAByte) {
  serve_socket();
  RawClient client = open();
  socket_->bridge({std::move(ours_), {}}, nullptr);
  constexpr std::size_t kTotal = 32 << 20;
  std::atomic<std::size_t> sent{0};
  std::thread sender([&] {
    const std::string block = frame(kBinary, std::string(64 << 10, 'x'));
    while (sent < kTotal && client.send(block)) sent += 64 << 10;
  });
  std::this_thread::sleep_for(200ms);
  EXPECT_LT(sent.load(), kTotal);
  std::size_t taken = 0;
  while (taken < kTotal && !upstream_.take(64 << 10).empty()) taken += 64 << 10;
  sender.join();
  EXPECT_EQ(taken, kTotal);
}

TEST_P(WebSocketTest, TheListenersEndClosesItAndNoCallbackFollows) {
  serve_socket();
  RawClient client = open(frame(kText, "started"));
  EXPECT_EQ(observer_->message().first, "started");
  listener_.reset();
  EXPECT_EQ(observer_->close_code(), 1001);
  EXPECT_EQ(read_frame(client).code(), 1001);
  EXPECT_EQ(observer_.use_count(), 1) << "somebody could still call it";
}

TEST_P(WebSocketTest, IsReportedClosedWhenTheConnectionBrokeBeforeTheHandlerAcceptedIt) {
  serve([this](Exchange& exchange) {
    Latch gone;
    const std::stop_callback callback(exchange.client_gone(), [&] { gone.open(); });
    accepted_.open();
    EXPECT_TRUE(gone.wait());
    EXPECT_TRUE(exchange.accept_websocket({}, observer_));
  });
  RawClient client = connect();
  client.send(kHandshake + std::string("\r\n"));
  EXPECT_TRUE(accepted_.wait());
  const linger reset{1, 0};
  ::setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  client.disconnect();
  EXPECT_EQ(observer_->close_code(), 1006);
}

TEST_P(WebSocketTest, MayOutliveTheServer) {
  serve_socket();
  RawClient client = open(frame(kText, "started"));
  EXPECT_EQ(observer_->message().first, "started");
  server_.reset();
  socket_->send_text("late");
  socket_->close(1000, "");
  socket_->resume_reading();
  EXPECT_EQ(observer_->close_code(), 1001);
}

}  // namespace
}  // namespace ottobot::net
