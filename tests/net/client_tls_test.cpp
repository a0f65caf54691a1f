// What both clients make of a server's certificate.

#include <csignal>

#include "net/client/http_client.hpp"
#include "net/client/websocket_client.hpp"
#include "net/server_fixture.hpp"
#include "net/tls_support.hpp"

namespace ottobot::net {
namespace {

using namespace std::chrono_literals;

class Silent final : public WebSocketObserver {
 public:
  void on_message(std::string, bool) override {}
  void on_drained() override {}
  void on_close(int) override {}
};

class ClientTlsTest : public test::ServerFixture {
 protected:
  void SetUp() override { start(); }

  // With what is in the folder.
  void start() {
    auto context = make_tls_context(folder_.files(), system_clock(), null_logger());
    ASSERT_TRUE(context) << context.error().to_string();
    tls_ = std::move(*context);
    serve([this](Exchange& exchange) {
      if (exchange.request().path != "/chat") return test::echo(exchange);
      auto socket = exchange.accept_websocket({}, std::make_shared<Silent>());
      if (!socket) return;
      socket_ = *socket;
      accepted_.open();
    });
  }

  Result<HttpResponse> fetch(const std::string& host, const std::string& ca_file) {
    HttpClientOptions options;
    options.ca_file = ca_file;
    auto client = make_http_client(options);
    if (!client) return fail(client.error());
    HttpRequest request;
    request.url = "https://" + host + ":" + std::to_string(listener_->port()) + "/";
    return (*client)->fetch(request, with_timeout(10s));
  }
  Result<std::unique_ptr<WebSocketClient>> open(const std::string& host, const std::string& ca_file) {
    WebSocketRequest request;
    request.url = "wss://" + host + ":" + std::to_string(listener_->port()) + "/chat";
    request.ca_file = ca_file;
    return connect_websocket(request, with_timeout(10s));
  }
  static void expect_certificate_error(const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::unavailable);
    ASSERT_EQ(error.details.size(), 1u) << error.to_string();
    EXPECT_EQ(error.details[0].field, kCertificateField);
    EXPECT_FALSE(error.details[0].message.empty());
  }

  test::TlsFolder folder_;
  std::string ca_ = folder_.files().cert.string();
  std::shared_ptr<WebSocket> socket_;
  test::Latch accepted_;
};

TEST_F(ClientTlsTest, AnAuthorityOfOnesOwnIsTrustedWhenItIsGiven) {
  const auto answer = fetch("localhost", ca_);
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->status, 200);
  const auto socket = open("localhost", ca_);
  EXPECT_TRUE(socket) << socket.error().to_string();
}

TEST_F(ClientTlsTest, AnUnknownAuthorityIsRefused) {
  expect_certificate_error(fetch("localhost", "").error());
  expect_certificate_error(open("localhost", "").error());
}

TEST_F(ClientTlsTest, ACertificateOfAnotherNameIsRefused) {
  folder_.replace({.valid_for = "DNS:other.example"});
  listener_.reset();
  start();
  expect_certificate_error(fetch("localhost", ca_).error());
  expect_certificate_error(open("localhost", ca_).error());
}

TEST_F(ClientTlsTest, AFileOfAuthoritiesThatIsNotThereIsTold) {
  expect_certificate_error(fetch("localhost", "/nonexistent/ca.pem").error());
  expect_certificate_error(open("localhost", "/nonexistent/ca.pem").error());
}

TEST_F(ClientTlsTest, AServerThatIsGoneRaisesNoSigpipe) {
  std::signal(SIGPIPE, SIG_DFL);  // it would end this program
  auto socket = open("localhost", ca_);
  ASSERT_TRUE(socket) << socket.error().to_string();
  ASSERT_TRUE(accepted_.wait());
  listener_.reset();
  Result<void> sent;
  for (int i = 0; i < 1000 && sent; ++i) sent = (*socket)->send_text(std::string(1000, 'x'), with_timeout(10s));
  EXPECT_FALSE(sent);
}

}  // namespace
}  // namespace ottobot::net
