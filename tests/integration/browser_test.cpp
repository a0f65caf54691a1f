// A real browser at the desktop's page: sees the desktop, opens a terminal on it and types. Fails without Chromium.

#include <gtest/gtest.h>

#include "integration/browser_script.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"
#include "net/tls_support.hpp"

namespace ottobot::integration {
namespace {

constexpr std::chrono::seconds kBrowse{90};

class Browser : public ::testing::Test {
 protected:
  explicit Browser(Environment settings = {}, std::string api_key = {})
      : server_(std::move(settings)), api_key_(std::move(api_key)) {}

  void SetUp() override {
    auto installed = BrowserScripts::install();
    ASSERT_TRUE(installed) << installed.error().to_string();
    scripts_.emplace(std::move(*installed));
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_.emplace(server_.url(), api_key_, ca_file_);
    id_ = client_->create("Build a React todo app with TypeScript");
    ASSERT_FALSE(client_->wait_for_turn(id_).is_null()) << server_.log();
  }

  // What the script printed.
  std::string expect_typing_works(const std::string& page, const std::string& file) {
    const std::string picture = (scripts_->dir() / (file + ".png")).string();
    const auto result = scripts_->run("desktop.mjs", {page, file, picture}, kBrowse);
    EXPECT_TRUE(result && result->status.code == 0)
        << (result ? result->out + result->err : result.error().to_string());
    EXPECT_TRUE(eventually([&] { return client_->file(id_, file) == "typed-42\n"; }, std::chrono::seconds(10)))
        << client_->file(id_, file) << " see " << picture;
    return result ? result->out : "";
  }
  std::string own_page() const {
    const std::string path = "session/" + id_ + "/vnc/websockify";
    return server_.url() + "/session/" + id_ + "/vnc/vnc.html?autoconnect=1&reconnect=1&resize=scale&path=" + path;
  }

  std::optional<BrowserScripts> scripts_;
  std::string ca_file_;
  ServerProcess server_;
  std::string api_key_;
  std::optional<SessionClient> client_;
  std::string id_;
};

class BrowserWithKeys : public Browser {
 protected:
  BrowserWithKeys() : Browser({{"OTTOBOT_API_KEYS", "ann:" + kKey}}, kKey) {}

  static inline const std::string kKey = "a-key-for-the-browser-test";
};

TEST_F(Browser, TypesInATerminalOfTheDesktop) {
  const std::string page = get_string(client_->get("/session/" + id_), "vnc_url");
  expect_typing_works(page, "typed.txt");
}

TEST_F(BrowserWithKeys, TheDesktopsUrlAloneLetsIn) {
  expect_typing_works(get_string(client_->get("/session/" + id_), "vnc_url"), "with-ticket.txt");
}

TEST_F(BrowserWithKeys, TheTicketLetsInThroughTheServersOwnPort) {
  const std::string own = get_string(client_->get("/session/" + id_), "vnc_url");
  const std::string ticket = own.substr(own.rfind("&ticket=") + 8);
  expect_typing_works(server_.url() + "/session/" + id_ + "/vnc?ticket=" + ticket, "gateway-ticket.txt");
}

TEST_F(Browser, TypesThroughTheServersOwnPort) {
  const std::string own = get_string(client_->get("/session/" + id_), "vnc_url");
  ASSERT_NE(own.find('?'), std::string::npos);
  expect_typing_works(own_page(), "through-gateway.txt");
}

struct Certificate {
  net::test::TlsFolder folder;
};

class BrowserOverTls : private Certificate, public Browser {
 protected:
  BrowserOverTls()
      : Browser(
            {{"OTTOBOT_TLS_CERT", folder.files().cert.string()}, {"OTTOBOT_TLS_KEY", folder.files().key.string()}}) {
    ca_file_ = folder.files().cert.string();
  }
};

TEST_F(BrowserOverTls, LoadsThePageByHttpsAndConnectsByWss) {
  ASSERT_EQ(own_page().rfind("https://", 0), 0u);
  const std::string said = expect_typing_works(own_page(), "over-tls.txt");
  EXPECT_NE(said.find("websocket: wss://"), std::string::npos) << said;
}

}  // namespace
}  // namespace ottobot::integration
