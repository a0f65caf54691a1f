// `ottobot serve` with a certificate, as curl and the other commands use it.

#include <gtest/gtest.h>

#include "integration/scenario.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"
#include "net/tls_support.hpp"

namespace ottobot::integration {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::chrono::seconds kCommand{60};

Environment tls_settings(const net::test::TlsFolder& folder) {
  return {{"OTTOBOT_TLS_CERT", folder.files().cert.string()},
          {"OTTOBOT_TLS_KEY", folder.files().key.string()},
          {"VNC_PORT_RANGE_START", "0"},
          {"VNC_PORT_RANGE_END", "0"}};
}

class Tls : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_.emplace(server_.url(), std::string(), ca());
  }
  std::string ca() const { return folder_.files().cert.string(); }

  // `line` for a shell in which $OTTOBOT is the program, $URL the server and $CA its authority.
  net::RunResult shell(const std::string& line) const {
    net::SpawnOptions options;
    options.argv = {"sh", "-c", line};
    options.env = {{"PATH", "/usr/bin:/bin"},
                   {"HOME", folder_.dir().string()},
                   {"OTTOBOT", OTTOBOT_PROGRAM},
                   {"URL", server_.url()},
                   {"CA", ca()}};
    options.cwd = folder_.dir().string();
    auto result = net::run(std::move(options), with_timeout(kCommand));
    EXPECT_TRUE(result) << (result ? "" : result.error().to_string()) << server_.log();
    return result.value_or(net::RunResult{});
  }

  net::test::TlsFolder folder_;
  ServerProcess server_{
      scenario({turn(1, {step("Writing it.", {run_command("echo one > one.txt")}), step("The first is done.")})}),
      tls_settings(folder_)};
  std::optional<SessionClient> client_;
};

TEST_F(Tls, CurlTrustsItByItsAuthorityAndIsToldWhenItSpeaksPlainHttp) {
  ASSERT_THAT(server_.url(), StartsWith("https://127.0.0.1:"));
  const auto health = shell("curl -sS --cacert $CA $URL/health");
  EXPECT_THAT(health.out, HasSubstr("\"healthy\"")) << health.err;
  EXPECT_EQ(shell("curl -sS $URL/health").status.code, 60) << "curl's code for a certificate that it does not trust";
  const auto plain = shell("curl -sS -w '%{http_code}' http://${URL#https://}/health");
  EXPECT_EQ(plain.out, "this port speaks https\n400") << plain.err;
}

TEST_F(Tls, LinksOfASessionAreHttpsAndWss) {
  const auto id = client_->create("First");
  const Json session = client_->get("/session/" + id);
  const std::string authority = server_.url().substr(std::string("https://").size());
  EXPECT_EQ(get_string(session, "chat_url"), "wss://" + authority + "/session/" + id + "/chat");
  EXPECT_THAT(get_string(session, "vnc_url"), StartsWith("https://" + authority + "/session/" + id + "/vnc/vnc.html?"));
  ASSERT_FALSE(client_->wait_for_turn(id).is_null()) << server_.log();
  const auto ready = of_type(client_->events(id), "workspace_changed");
  ASSERT_EQ(ready.size(), 1u);
  EXPECT_EQ(get_string(ready[0]["data"], "download_url"), server_.url() + "/download/" + id);
}

TEST_F(Tls, TheCommandsWorkOverIt) {
  const auto chat = shell("echo First | $OTTOBOT chat --url $URL --ca-file $CA");
  EXPECT_EQ(chat.status.code, 0) << chat.out << chat.err;
  EXPECT_THAT(chat.out, HasSubstr("The first is done.\n")) << chat.err;
  const auto rest = shell(
      "export OTTOBOT_URL=$URL OTTOBOT_CA_FILE=$CA; id=$($OTTOBOT sessions | awk 'NR == 2 { print $1 }');"
      "$OTTOBOT download $id -o got && cat got/one.txt && $OTTOBOT logs $id >/dev/null && $OTTOBOT rm $id");
  EXPECT_EQ(rest.status.code, 0) << rest.out << rest.err;
  EXPECT_THAT(rest.out, HasSubstr("one\n")) << rest.err;
}

TEST_F(Tls, ACommandThatDoesNotTrustTheCertificateSaysSo) {
  for (const char* command : {"sessions", "chat </dev/null V1StGXR8_Z5jdHi6B-myT", "rm V1StGXR8_Z5jdHi6B-myT"}) {
    const auto result = shell(std::string("$OTTOBOT ") + command + " --url $URL");
    EXPECT_EQ(result.status.code, 1) << result.out;
    EXPECT_THAT(result.err, HasSubstr("the certificate of " + server_.url() + " is not trusted")) << command;
    EXPECT_THAT(result.err, HasSubstr("--ca-file"));
  }
}

TEST_F(Tls, ACommandThatSpeaksPlainHttpIsToldWhatThePortSpeaks) {
  const auto result = shell("$OTTOBOT sessions --url http://${URL#https://}");
  EXPECT_EQ(result.status.code, 1) << result.out;
  EXPECT_THAT(result.err, HasSubstr("400 Bad Request: this port speaks https"));
}

TEST_F(Tls, ARenewedCertificateIsTakenUpWithoutARestart) {
  shell("cp $CA old.pem");
  folder_.replace({.name = "renewed"});
  EXPECT_TRUE(
      eventually([&] { return shell("curl -sS --cacert $CA $URL/health").status.code == 0; }, std::chrono::seconds(10)))
      << server_.log();
  EXPECT_EQ(shell("curl -sS --cacert old.pem $URL/health").status.code, 60);
}

TEST_F(Tls, DoctorAndServeNameWhatIsWrongWithAPair) {
  const std::string port = " --port 0 ";
  const auto good = shell("$OTTOBOT doctor --json --tls-cert $CA --tls-key key.pem" + port);
  EXPECT_THAT(good.out, HasSubstr("certificate and key can be used")) << good.err;
  folder_.write("bad.pem", "no key");
  const auto doctor = shell("$OTTOBOT doctor --tls-cert $CA --tls-key bad.pem" + port);
  EXPECT_EQ(doctor.status.code, 1);
  EXPECT_THAT(doctor.out, HasSubstr("bad.pem holds no private key"));
  const auto serve = shell("$OTTOBOT serve --store memory --tls-cert $CA --tls-key bad.pem --data-dir d" + port);
  EXPECT_EQ(serve.status.code, 1);
  EXPECT_THAT(serve.err, HasSubstr("bad.pem holds no private key"));
  const auto half = shell("$OTTOBOT serve --tls-cert $CA" + port);
  EXPECT_EQ(half.status.code, 1);
  EXPECT_THAT(half.err, HasSubstr("OTTOBOT_TLS_KEY is not"));
}

}  // namespace
}  // namespace ottobot::integration
