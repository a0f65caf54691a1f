#include "net/tls/tls_context.hpp"

#include <sys/stat.h>

#include <csignal>

#include "net/server_fixture.hpp"
#include "net/tls_support.hpp"
#include "ottobot/testing/manual_clock.hpp"

namespace ottobot::net {
namespace {

using namespace std::chrono_literals;
using namespace test;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RecordingLogger final : public Logger {
 public:
  void write(LogLevel level, std::string_view message, const Json& fields) override {
    const std::lock_guard lock(mutex_);
    if (level == LogLevel::warn) warnings_.push_back(std::string(message) + " " + fields.dump());
  }
  bool enabled(LogLevel) const override { return true; }
  std::vector<std::string> warnings() {
    const std::lock_guard lock(mutex_);
    return warnings_;
  }

 private:
  std::mutex mutex_;  // guards warnings_
  std::vector<std::string> warnings_;
};

class TlsTest : public ServerFixture {
 protected:
  // The certificates are made for today.
  TlsTest() { clock_.advance(std::chrono::milliseconds(system_clock().now_ms() - clock_.now_ms())); }
  // Before what its TLS context borrows.
  void TearDown() override {
    listener_.reset();
    server_.reset();
  }

  void serve_tls(Handler handler, HttpServerOptions options = {}) {
    auto context = make_tls_context(folder_.files(), clock_, logger_);
    ASSERT_TRUE(context) << context.error().to_string();
    use_tls(*context, speak_tls);
    serve(std::move(handler), options);
  }
  // A client of its own making, before its handshake.
  std::unique_ptr<TlsChannel> channel(const RawClient& client, const TlsClientOptions& options = {}) {
    return std::make_unique<TlsChannel>(client.fd(), options);
  }
  std::string served_name() {
    const RawClient client(listener_->port());
    const auto tls = channel(client);
    return tls->shake_hands() ? tls->peer_name() : tls->reason();
  }

  TlsFolder folder_;
  ottobot::testing::ManualClock clock_;
  RecordingLogger logger_;
};

TEST_F(TlsTest, AgreesOnHttp11AndTheNewestProtocol) {
  serve_tls(echo);
  const RawClient client(listener_->port());
  const auto tls = channel(client);
  ASSERT_TRUE(tls->shake_hands()) << tls->reason();
  EXPECT_EQ(tls->protocol(), "TLSv1.3");
  EXPECT_EQ(tls->alpn(), "http/1.1");
}

TEST_F(TlsTest, SpeaksTls12AndNothingOlder) {
  serve_tls(echo);
  RawClient client(listener_->port());
  auto tls = channel(client, {.max_version = TLS1_2_VERSION});
  ASSERT_TRUE(tls->shake_hands()) << tls->reason();
  EXPECT_EQ(tls->protocol(), "TLSv1.2");
  client.speak(std::move(tls));
  client.send(get("/"));
  EXPECT_EQ(client.response().status, 200);
  const RawClient old(listener_->port());
  const auto refused = channel(old, {.max_version = TLS1_1_VERSION});
  EXPECT_FALSE(refused->shake_hands());
  EXPECT_THAT(refused->reason(), HasSubstr("protocol version"));
}

TEST_F(TlsTest, RefusesAClientThatOnlySpeaksAnotherProtocolOnTop) {
  serve_tls(echo);
  const RawClient client(listener_->port());
  const auto tls = channel(client, {.max_version = 0, .alpn = "h2"});
  EXPECT_FALSE(tls->shake_hands());
  EXPECT_THAT(tls->reason(), HasSubstr("no application protocol"));
}

TEST_F(TlsTest, RefusesRenegotiation) {
  serve_tls(echo);
  const RawClient client(listener_->port());
  const auto tls = channel(client, {.max_version = TLS1_2_VERSION});
  ASSERT_TRUE(tls->shake_hands()) << tls->reason();
  ASSERT_EQ(SSL_renegotiate(tls->ssl()), 1);
  EXPECT_FALSE(tls->shake_hands());
}

TEST_F(TlsTest, ResumesASession) {
  serve_tls(echo);
  RawClient first(listener_->port());
  auto tls = channel(first, {.max_version = TLS1_2_VERSION});
  ASSERT_TRUE(tls->shake_hands());
  const std::unique_ptr<SSL_SESSION, OpenSslFree<SSL_SESSION_free>> session(SSL_get1_session(tls->ssl()));
  const RawClient second(listener_->port());
  const auto again = channel(second, {.max_version = TLS1_2_VERSION});
  SSL_set_session(again->ssl(), session.get());
  ASSERT_TRUE(again->shake_hands()) << again->reason();
  EXPECT_EQ(SSL_session_reused(again->ssl()), 1);
}

TEST_F(TlsTest, TellsAHandlerThatARequestCameOverTls) {
  const Handler handler = [](Exchange& exchange) {
    exchange.respond({200, {}, exchange.request().over_tls ? "secret" : "open"});
  };
  serve_tls(handler);
  EXPECT_EQ(ask(get("/")).body, "secret");
  use_tls(nullptr, nullptr);
  serve(handler);
  EXPECT_EQ(ask(get("/")).body, "open");
}

TEST_F(TlsTest, CarriesBigBodiesBothWays) {
  serve_tls(echo);
  std::string body(24 << 20, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 2654435761u >> 13);
  RawClient client = connect();
  client.send(post("/", body));
  const auto response = client.response();
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.body == "POST " + body) << response.body.size();
}

// Many records come in one segment: the socket is readable once.
TEST_F(TlsTest, ReadsWhatOpenSslHasBufferedWithoutWaitingForTheSocket) {
  serve_tls(echo);
  RawClient client = connect();
  std::string request = post("/", std::string(40, 'x'));
  for (std::size_t at = 0; at < request.size(); at += 7) client.send(std::string_view(request).substr(at, 7));
  EXPECT_EQ(client.response().body, "POST " + std::string(40, 'x'));
  std::string all;
  for (int i = 0; i < 300; ++i) all += get("/" + std::to_string(i));
  client.send(all);
  for (int i = 0; i < 300; ++i) ASSERT_EQ(client.response().field("X-Path"), "/" + std::to_string(i));
}

// Each byte of the handshake and the request comes in a segment of its own.
TEST_F(TlsTest, UnderstandsAHandshakeThatComesInPieces) {
  serve_tls(echo);
  const RawClient client(listener_->port());
  const std::unique_ptr<SSL_CTX, OpenSslFree<SSL_CTX_free>> context(SSL_CTX_new(TLS_client_method()));
  const SslPtr ssl(SSL_new(context.get()));
  BIO* const in = BIO_new(BIO_s_mem());
  BIO* const out = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl.get(), in, out);
  SSL_set_connect_state(ssl.get());
  const auto send_in_pieces = [&] {
    char byte = 0;
    while (BIO_read(out, &byte, 1) == 1) {
      ASSERT_EQ(::send(client.fd(), &byte, 1, MSG_NOSIGNAL), 1);
    }
  };
  const auto step = [&](auto call) {
    for (;;) {
      const int result = call();
      send_in_pieces();
      if (result > 0) return true;
      char bytes[4096];
      pollfd waiting{client.fd(), POLLIN, 0};
      if (::poll(&waiting, 1, 10000) != 1) return false;
      const ssize_t got = ::recv(client.fd(), bytes, sizeof bytes, 0);
      if (got <= 0) return false;
      BIO_write(in, bytes, static_cast<int>(got));
    }
  };
  ASSERT_TRUE(step([&] { return SSL_do_handshake(ssl.get()); }));
  const std::string request = get("/pieces");
  ASSERT_TRUE(step([&] { return SSL_write(ssl.get(), request.data(), static_cast<int>(request.size())); }));
  char answer[4096];
  ASSERT_TRUE(step([&] { return SSL_read(ssl.get(), answer, sizeof answer); }));
  EXPECT_THAT(std::string(answer, 15), HasSubstr("200 OK"));
}

TEST_F(TlsTest, AHandshakeThatIsNotFinishedEndsWithTheHeadersTime) {
  HttpServerOptions options;
  options.header_timeout = 100ms;
  options.keep_alive = 60s;
  serve_tls(echo, options);
  RawClient silent(listener_->port()), half(listener_->port());
  half.send(std::string_view("\x16\x03\x01\x02\x00\x01", 6));  // a record of 512 bytes, of which one comes
  EXPECT_TRUE(half.closed_by_peer(1500ms)) << "must not wait for Linger";
  EXPECT_TRUE(silent.closed_by_peer(1500ms));
}

TEST_F(TlsTest, AConnectionOverTheLimitThatStallsEndsWithTheHeadersTimeToo) {
  HttpServerOptions options;
  options.header_timeout = 100ms;
  options.max_connections = 1;
  serve_tls(echo, options);
  RawClient first = connect();
  first.send(get("/"));
  EXPECT_EQ(first.response().status, 200);
  RawClient stalls(listener_->port());
  EXPECT_TRUE(stalls.closed_by_peer(1500ms));
  EXPECT_EQ(connect().response().status, 503);
}

TEST_F(TlsTest, TellsAClientThatSpeaksPlainHttp) {
  serve_tls(echo);
  for (const std::string& request :
       {get("/"), post("/", std::string(200 << 10, 'x')), std::string("DELETE / HTTP/1.0\r\n")}) {
    RawClient client(listener_->port());
    client.send(request);
    const auto response = client.response();
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(response.body, "this port speaks https\n");
    EXPECT_EQ(response.field("Content-Type"), "text/plain; charset=utf-8");
    client.end_sending();
    EXPECT_TRUE(client.closed_by_peer());
  }
}

TEST_F(TlsTest, ClosesOnWhatIsNeitherTlsNorHttp) {
  serve_tls(echo);
  RawClient client(listener_->port());
  client.send(std::string(100, '\x80'));
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_F(TlsTest, SaysCloseNotifyAtTheEndOfAnAnswerAndWhenTheServerStops) {
  serve_tls(echo);
  for (const bool asks : {true, false}) {
    RawClient client(listener_->port());
    auto owned = channel(client);
    TlsChannel& tls = *owned;
    ASSERT_TRUE(tls.shake_hands());
    client.speak(std::move(owned));
    client.send(get("/", asks ? "Connection: close\r\n" : ""));
    EXPECT_EQ(client.response().status, 200);
    if (!asks) listener_.reset();
    EXPECT_TRUE(client.closed_by_peer());
    EXPECT_TRUE(tls.got_close_notify());
  }
}

TEST_F(TlsTest, AnswersAClientThatHasSaidCloseNotifyOrHasJustHungUp) {
  serve_tls(echo);
  for (const bool politely : {true, false}) {
    RawClient client = connect();
    client.send(post("/", "x"));
    politely ? client.end_sending() : static_cast<void>(::shutdown(client.fd(), SHUT_WR));
    EXPECT_EQ(client.response().body, "POST x");
    EXPECT_TRUE(client.closed_by_peer());
  }
}

// close_notify finds the socket full, and follows when there is room.
TEST_F(TlsTest, ASlowReaderGetsEverythingAndThenCloseNotify) {
  const std::string body(8 << 20, 'x');
  serve_tls([&](Exchange& exchange) { exchange.respond({200, {{"Connection", "close"}}, body}); });
  RawClient client(listener_->port());
  auto owned = channel(client);
  TlsChannel& tls = *owned;
  ASSERT_TRUE(tls.shake_hands());
  client.speak(std::move(owned));
  client.send(get("/", "Connection: close\r\n"));
  std::this_thread::sleep_for(100ms);
  EXPECT_TRUE(client.response().body == body);
  EXPECT_TRUE(client.closed_by_peer());
  EXPECT_TRUE(tls.got_close_notify());
}

TEST_F(TlsTest, AClientThatIsGoneRaisesNoSigpipe) {
  std::signal(SIGPIPE, SIG_DFL);  // it would end this program
  Latch gone;
  serve_tls([&](Exchange& exchange) {
    if (!exchange.start(200, {})) return;
    gone.wait();
    for (int i = 0; i < 1000 && exchange.write(std::string(64 << 10, 'x')); ++i) {
    }
  });
  RawClient client = connect();
  client.send(get("/"));
  EXPECT_EQ(client.response(true).status, 200);
  const linger reset{1, 0};
  ::setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  client.disconnect();
  gone.open();
  listener_.reset();
}

TEST_F(TlsTest, ARenewedPairServesNewConnectionsAndOldOnesGoOn) {
  serve_tls(echo);
  RawClient old = connect();
  EXPECT_EQ(served_name(), "localhost");
  folder_.replace({.name = "renewed"});
  EXPECT_EQ(served_name(), "localhost") << "the files are looked at once a second at most";
  clock_.advance(1s);
  EXPECT_EQ(served_name(), "renewed");
  old.send(get("/"));
  EXPECT_EQ(old.response().status, 200);
  EXPECT_THAT(logger_.warnings(), IsEmpty());
}

TEST_F(TlsTest, APairThatCannotBeUsedLeavesTheOldOneAndIsToldOncePerChange) {
  serve_tls(echo);
  folder_.replace_cert({.name = "half"});  // its key has not come yet
  for (int i = 0; i < 3; ++i) {
    clock_.advance(1s);
    EXPECT_EQ(served_name(), "localhost");
  }
  ASSERT_EQ(logger_.warnings().size(), 1u);
  EXPECT_THAT(logger_.warnings()[0], HasSubstr("does not belong to the certificate"));
  std::filesystem::remove(folder_.files().key);
  clock_.advance(1s);
  EXPECT_EQ(served_name(), "localhost");
  EXPECT_EQ(logger_.warnings().size(), 2u);
  folder_.replace({.name = "whole"});
  clock_.advance(1s);
  EXPECT_EQ(served_name(), "whole");
  EXPECT_EQ(logger_.warnings().size(), 2u);
}

class TlsFilesTest : public ::testing::Test {
 protected:
  Error error() {
    auto context = make_tls_context(folder_.files(), system_clock(), null_logger());
    EXPECT_FALSE(context);
    return context ? Error{} : context.error();
  }
  std::vector<std::string> warnings() {
    auto found = check_tls_files(folder_.files(), system_clock().now_ms());
    EXPECT_TRUE(found) << (found ? "" : found.error().to_string());
    return found.value_or(std::vector<std::string>{});
  }
  std::string cert() const { return folder_.files().cert.string(); }
  std::string key() const { return folder_.files().key.string(); }

  TlsFolder folder_;
};

TEST_F(TlsFilesTest, AGoodPairHasNoWarnings) { EXPECT_THAT(warnings(), IsEmpty()); }

TEST_F(TlsFilesTest, AFileThatIsNotThereIsNamed) {
  std::filesystem::remove(cert());
  EXPECT_EQ(error().code, ErrorCode::not_found);
  EXPECT_EQ(error().message, "cannot read the TLS certificate " + cert() + ": No such file or directory");
}

TEST_F(TlsFilesTest, WhatIsNotPemIsNamed) {
  folder_.write("key.pem", "not a key\n");
  EXPECT_EQ(error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(error().message, key() + " holds no private key in PEM form");
  folder_.write("cert.pem", "-----BEGIN CERTIFICATE-----\ncut");
  EXPECT_EQ(error().message, cert() + " holds no certificate in PEM form");
  std::filesystem::remove(cert());
  std::filesystem::create_directory(cert());
  EXPECT_EQ(error().message, "cannot read the TLS certificate " + cert() + ": not a file");
}

TEST_F(TlsFilesTest, AKeyOfAnotherCertificateIsToldAndSoAreSwappedFiles) {
  folder_.replace_cert({});
  EXPECT_EQ(error().message, "the private key in " + key() + " does not belong to the certificate in " + cert());
  std::filesystem::rename(cert(), folder_.dir() / "other");
  std::filesystem::rename(key(), cert());
  std::filesystem::rename(folder_.dir() / "other", key());
  EXPECT_THAT(error().hint, HasSubstr("swapped"));
}

TEST_F(TlsFilesTest, AnEncryptedKeyIsToldWithTheWayOut) {
  folder_.write("key.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGb\n-----END ENCRYPTED PRIVATE KEY-----\n");
  EXPECT_THAT(error().message, HasSubstr("is encrypted"));
  EXPECT_THAT(error().hint, HasSubstr("openssl pkey -in " + key()));
}

TEST_F(TlsFilesTest, WarnsAboutTimeAndAboutAKeyThatEverybodyReads) {
  folder_.replace({.name = "old", .from_s = -200, .until_s = -100});
  ::chmod(key().c_str(), 0644);
  const auto found = warnings();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_THAT(found[0], HasSubstr("the certificate in " + cert() + " expired at 20"));
  EXPECT_THAT(found[1], HasSubstr("chmod 600 " + key()));
  folder_.replace({.name = "early", .from_s = 1000, .until_s = 2000});
  ASSERT_EQ(warnings().size(), 1u);
  EXPECT_THAT(warnings()[0], HasSubstr("is valid from"));
}

}  // namespace
}  // namespace ottobot::net
