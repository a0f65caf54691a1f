// A user's day at the web page, in a real browser at a real server: sign-in, a session, chat, desktop, files, reloads.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "integration/browser_script.hpp"
#include "integration/server_process.hpp"

namespace ottobot::integration {
namespace {

constexpr std::chrono::seconds kVisit{280};
constexpr const char* kKey = "a-key-for-the-page-test";

Json page_scenario() {
  std::ifstream file(std::string(OTTOBOT_BROWSER_SOURCE_DIR) + "/page_scenario.json");
  return parse_json(std::string(std::istreambuf_iterator<char>(file), {})).value_or(Json::object());
}

class WebPage : public ::testing::Test {
 protected:
  explicit WebPage(Environment settings = {}) : server_(page_scenario(), std::move(settings)) {}

  void expect_a_good_day(const std::vector<std::string>& more_args) {
    const auto scripts = BrowserScripts::install();
    ASSERT_TRUE(scripts) << scripts.error().to_string();
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    std::vector<std::string> args{server_.url(), scripts->dir().string()};
    args.insert(args.end(), more_args.begin(), more_args.end());
    const auto visit = scripts->run("page.mjs", args, kVisit);
    ASSERT_TRUE(visit) << visit.error().to_string() << " see the pictures in " << scripts->dir();
    EXPECT_EQ(visit->status.code, 0) << visit->out << visit->err << server_.log() << " see the pictures in "
                                     << scripts->dir();
  }

  ServerProcess server_;
};

class WebPageWithKeys : public WebPage {
 protected:
  WebPageWithKeys() : WebPage({{"OTTOBOT_BACKEND", "local"}, {"OTTOBOT_API_KEYS", std::string("ann:") + kKey}}) {}
};

class WebPageWithoutKeys : public WebPage {
 protected:
  WebPageWithoutKeys() : WebPage({{"OTTOBOT_BACKEND", "local"}}) {}
};

TEST_F(WebPageWithoutKeys, CarriesAUserThroughTheDay) { expect_a_good_day({}); }
TEST_F(WebPageWithKeys, CarriesAUserThroughTheDay) { expect_a_good_day({kKey}); }

}  // namespace
}  // namespace ottobot::integration
