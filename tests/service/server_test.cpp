// A whole Server in this process: memory store, fake sandboxes, the demonstration model.
#include "ottobot/server.hpp"

#include <gtest/gtest.h>

#include "net/client/http_client.hpp"
#include "ottobot/llm/scripted.hpp"
#include "ottobot/stores/memory.hpp"
#include "ottobot/testing/fake_container_backend.hpp"

namespace ottobot {
namespace {

ServerParts make_test_parts() {
  ServerParts parts;
  parts.store = make_memory_store();
  parts.queue = make_memory_queue();
  parts.backend = std::make_unique<testing::FakeContainerBackend>();
  ScriptedOptions script;
  script.scenario = make_demo_scenario();
  auto demo = make_scripted_provider(std::move(script));
  EXPECT_TRUE(demo);
  parts.providers.emplace_back("scripted", std::move(*demo));
  return parts;
}

ServerOptions make_test_options() {
  ServerOptions options;
  options.port = 0;
  options.default_model = "scripted:demo";
  options.vnc_ports = options.mcp_ports = {0, 0};
  return options;
}

Result<net::HttpResponse> get(const std::string& url, net::Headers headers = {}) {
  auto client = net::make_http_client();
  if (!client) return fail(client.error());
  net::HttpRequest request;
  request.url = url;
  request.headers = std::move(headers);
  return (*client)->fetch(request, with_timeout(std::chrono::seconds(10)));
}

TEST(Server, IsHealthyOnceItHasStarted) {
  auto server = Server::start(make_test_parts(), make_test_options());
  ASSERT_TRUE(server) << server.error().to_string();
  auto health = get((*server)->url() + "/health");
  ASSERT_TRUE(health) << health.error().to_string();
  EXPECT_EQ(health->status, 200);
  auto body = parse_json(health->body);
  ASSERT_TRUE(body);
  EXPECT_EQ(get_string(*body, "status"), "healthy");
  EXPECT_EQ((*body)["services"]["workers"], 1);
  EXPECT_EQ((*body)["services"]["store"], true);
}

// Until the session's first turn is over.
void run_a_turn(Server& server) {
  const auto ctx = with_timeout(std::chrono::seconds(30));
  NewSession request;
  request.initial_prompt = "hello";
  const auto row = server.sessions().create(request, ctx);
  ASSERT_TRUE(row) << row.error().to_string();
  const auto counted = [&] {
    const auto totals = server.store().totals(ctx);
    return totals && totals->all_turns().turns > 0;
  };
  while (!counted() && ctx.check()) std::this_thread::yield();
  ASSERT_TRUE(counted());
}

TEST(Server, CountsWhatItDoes) {
  auto server = Server::start(make_test_parts(), make_test_options());
  ASSERT_TRUE(server) << server.error().to_string();
  run_a_turn(**server);
  const auto answer = get((*server)->url() + "/metrics");
  ASSERT_TRUE(answer) << answer.error().to_string();
  const Json metrics = parse_json(answer->body).value_or(Json());
  EXPECT_EQ(get_int(metrics, "total_sessions"), 1) << answer->body;
  EXPECT_EQ(get_int(metrics, "queue_length", -1), 0);
  ASSERT_EQ(metrics["worker_status"].size(), 1u);
  EXPECT_EQ(metrics["worker_status"][0]["active"], true);
  EXPECT_FALSE(get_string(metrics["worker_status"][0], "id").empty());
  EXPECT_EQ(get_int(metrics["analytics"], "turns"), 1);
  EXPECT_EQ(metrics["sessions"][0]["analytics"]["turns"], 1);
  EXPECT_TRUE(metrics["sessions"][0]["container"]["memory_bytes"].is_number()) << answer->body;

  const auto text = get((*server)->url() + "/metrics", {{"Accept", "text/plain"}});
  ASSERT_TRUE(text) << text.error().to_string();
  for (const char* line :
       {"ottobot_http_requests_total{method=\"GET\",route=\"/metrics\",status=\"200\"} 1", "ottobot_turns_total{",
        "ottobot_turn_duration_seconds_count 1", "ottobot_sessions{status=\"initializing\"} 0",
        "ottobot_queue_jobs{state=\"waiting\"} 0", "ottobot_sandbox_memory_bytes{session="}) {
    EXPECT_NE(text->body.find(line), std::string::npos) << line << " in\n" << text->body;
  }
}

// Until a new session is refused; its error.
Error first_refusal(Server& server) {
  const auto ctx = with_timeout(std::chrono::seconds(30));
  NewSession request;
  request.initial_prompt = "hello";
  while (ctx.check()) {
    auto row = server.sessions().create(request, ctx);
    if (!row) return row.error();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return {};
}

TEST(Server, RefusesSessionsAtOnceWhileSandboxesCannotBeStarted) {
  auto parts = make_test_parts();
  testing::FakeContainerOptions broken;
  broken.on_launch = [](const LaunchParams&, const CallContext&) { return Result<void>(unavailable("no engine")); };
  parts.backend = std::make_unique<testing::FakeContainerBackend>(std::move(broken));
  auto server = Server::start(std::move(parts), make_test_options());
  ASSERT_TRUE(server) << server.error().to_string();
  const Error refused = first_refusal(**server);
  EXPECT_EQ(refused.code, ErrorCode::unavailable);
  EXPECT_TRUE(refused.retry_after);
  EXPECT_NE(refused.message.find("sandboxes cannot be started"), std::string::npos) << refused.message;
  const auto answer = get((*server)->url() + "/health");
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->status, 200);
  const Json health = parse_json(answer->body).value_or(Json());
  EXPECT_EQ(get_string(health, "status"), "degraded") << answer->body;
  EXPECT_EQ(health["services"]["docker"], false);
  ASSERT_EQ(health["problems"].size(), 1u);
  EXPECT_EQ(health["problems"][0], refused.message);
  const auto metrics = get((*server)->url() + "/metrics", {{"Accept", "text/plain"}});
  ASSERT_TRUE(metrics) << metrics.error().to_string();
  EXPECT_NE(metrics->body.find("ottobot_sandbox_launches_refused 1"), std::string::npos) << metrics->body;
}

TEST(Server, NamesABackendThatDoesNotAnswerAndRecoversWithIt) {
  auto parts = make_test_parts();
  auto fake = std::make_unique<testing::FakeContainerBackend>(testing::FakeContainerOptions{});
  auto& backend = *fake;
  parts.backend = std::move(fake);
  auto server = Server::start(std::move(parts), make_test_options());
  ASSERT_TRUE(server) << server.error().to_string();
  const auto health_becomes = [&](const std::string& status) {
    Json health;
    const auto ctx = with_timeout(std::chrono::seconds(20));
    while (ctx.check() && get_string(health, "status") != status) {
      const auto answer = get((*server)->url() + "/health");
      if (answer) health = parse_json(answer->body).value_or(Json());
    }
    return health;
  };
  EXPECT_EQ(get_string(health_becomes("healthy"), "status"), "healthy");
  backend.fail_next("inspect", unavailable("the engine does not answer").value(), 2);
  const Json degraded = health_becomes("degraded");
  EXPECT_EQ(degraded["services"]["docker"], false) << degraded;
  EXPECT_EQ(degraded["problems"], Json({"sandboxes: their backend cannot be reached"}));
  EXPECT_EQ(get_string(health_becomes("healthy"), "status"), "healthy");
}

TEST(Server, StopsWithinItsPatienceAndFreesThePort) {
  auto server = Server::start(make_test_parts(), make_test_options());
  ASSERT_TRUE(server) << server.error().to_string();
  const auto url = (*server)->url();
  const auto begin = std::chrono::steady_clock::now();
  (*server)->stop(std::chrono::seconds(5));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(8));
  EXPECT_FALSE(get(url + "/health"));
  (*server)->stop(std::chrono::seconds(5));
}

TEST(Server, ATakenPortIsAConflict) {
  auto first = Server::start(make_test_parts(), make_test_options());
  ASSERT_TRUE(first) << first.error().to_string();
  auto options = make_test_options();
  options.port = std::stoi((*first)->url().substr((*first)->url().rfind(':') + 1));
  auto second = Server::start(make_test_parts(), options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_FALSE(second.error().hint.empty());
}

TEST(Server, NamesWhatIsMissing) {
  auto parts = make_test_parts();
  parts.queue = nullptr;
  auto server = Server::start(std::move(parts), make_test_options());
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, ErrorCode::invalid_argument);
  auto options = make_test_options();
  options.default_model = "gpt-5";
  auto other = Server::start(make_test_parts(), options);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::invalid_argument);
}

TEST(Server, TakesSessionsAndRemovesThem) {
  auto server = Server::start(make_test_parts(), make_test_options());
  ASSERT_TRUE(server) << server.error().to_string();
  const auto ctx = with_timeout(std::chrono::seconds(10));
  NewSession request;
  request.initial_prompt = "hello";
  auto row = (*server)->sessions().create(request, ctx);
  ASSERT_TRUE(row) << row.error().to_string();
  EXPECT_EQ(row->model, "scripted:demo");
  EXPECT_TRUE((*server)->sessions().remove(row->id, {}, ctx));
  auto page = get((*server)->url() + "/session/" + row->id);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 200);
}

}  // namespace
}  // namespace ottobot
