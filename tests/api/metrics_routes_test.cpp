#include "api/metrics_routes.hpp"

#include <mutex>

#include "api/api_fixture.hpp"

namespace ottobot::api::test {
namespace {

TEST(MetricsAccept, TextIsGivenToThoseWhoPreferItByName) {
  for (const char* text :
       {"text/plain", "text/plain;version=0.0.4", "application/openmetrics-text", "Text/Plain; q=0.2, */*;q=0.1",
        "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1",
        "application/json;q=0.5, text/plain"}) {
    EXPECT_TRUE(prefers_prometheus_text(text)) << text;
  }
  for (const char* json : {"", "*/*", "application/json", "application/json, text/plain, */*", "text/html,*/*;q=0.8",
                           "text/plain;q=0", ",;,", "text/plain;q=0.3, application/json;q=0.9"}) {
    EXPECT_FALSE(prefers_prometheus_text(json)) << json;
  }
}

class Metrics : public ApiTest {
 protected:
  Metrics() {
    metrics_ = [](const std::string&, const CallContext&) -> Result<Json> { return Json{{"active_sessions", 3}}; };
    metrics_text_ = [](const std::string&, const CallContext&) -> Result<std::string> {
      return "ottobot_sessions 3\n";
    };
    on_answered_ = [this](const AnsweredRequest& request) {
      std::lock_guard lock(mutex_);
      answered_.push_back(request);
    };
    restart({"1.2.3", "127.0.0.1", 0, "", {}});
  }
  ~Metrics() override { listener_.reset(); }

  AnsweredRequest last() {
    std::lock_guard lock(mutex_);
    return answered_.empty() ? AnsweredRequest{} : answered_.back();
  }

  std::mutex mutex_;  // guards answered_
  std::vector<AnsweredRequest> answered_;
};

TEST_F(Metrics, AreJsonUnlessTextIsAskedFor) {
  EXPECT_EQ(json_of(get("/metrics"))["active_sessions"], 3);
  const auto text = get("/metrics", {{"Accept", "text/plain"}});
  EXPECT_EQ(text.body, "ottobot_sessions 3\n");
  EXPECT_EQ(text.headers.find("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(json_of(get("/health/metrics", {{"Accept", "text/plain"}}))["active_sessions"], 3);
  EXPECT_EQ(send("POST", "/metrics").status, 405);
}

TEST_F(Metrics, FailingPartsAreAnErrorAndNoHalfAnswer) {
  metrics_ = [](const std::string&, const CallContext&) -> Result<Json> { return unavailable("the store is away"); };
  restart({"1.2.3", "127.0.0.1", 0, "", {}});
  EXPECT_EQ(get("/metrics").status, 503);
}

TEST_F(Metrics, EveryRequestIsCountedUnderItsRoute) {
  const std::string id = create_session();
  // The client has its answer a moment before the handler is done.
  const auto expect_counted = [&](const std::string& method, const std::string& path, const std::string& route,
                                  int status) {
    send(method, path);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (last().route != route && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    EXPECT_EQ(last().route, route);
    EXPECT_EQ(last().method, method);
    EXPECT_EQ(last().status, status) << path;
  };
  expect_counted("GET", "/session/" + id, "/session/:id", 200);
  expect_counted("GET", "/nothing/" + id, "unknown", 404);
  expect_counted("GET", "/session/" + id + "/chat", "/session/:id/chat", 426);
  expect_counted("POST", "/session", "/session", 400);
}

}  // namespace
}  // namespace ottobot::api::test
