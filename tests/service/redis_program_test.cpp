// `ottobot serve --store redis`, and what it says when Redis is not there.

#include <gtest/gtest.h>

#include <fstream>

#include "net/client/http_client.hpp"
#include "ottobot/json.hpp"
#include "ottobot/testing/results.hpp"
#include "program.hpp"
#include "redis/redis_server.hpp"

namespace ottobot::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RedisProgram : public ::testing::Test {
 protected:
  void SetUp() override {
    OTTOBOT_NEED_REDIS();
    redis_ = std::make_unique<RedisServer>(std::vector<std::string>{"--appendonly", "yes", "--appendfsync", "always"});
    client_ = value_of(net::make_http_client());
    config_ = (home_.dir() / "redis.conf").string();
    std::ofstream(config_) << "REDIS_URL=unix:" << redis_->socket() << "\n";
  }

  std::vector<std::string> on_redis(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--store", "redis", "--config", config_});
    return arguments;
  }
  net::HttpResponse ask(const std::string& url, const std::string& body = {}) {
    net::HttpRequest request;
    request.method = body.empty() ? "GET" : "POST";
    request.url = url;
    request.body = body;
    if (!body.empty()) request.headers.add("Content-Type", "application/json");
    return value_of(client_->fetch(request, with_timeout(seconds(20))));
  }
  bool becomes(const std::string& url, int status) {
    const auto deadline = std::chrono::steady_clock::now() + seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      if (ask(url).status == status) return true;
      (void)system_clock().sleep_for(milliseconds(20), {});
    }
    return false;
  }

  ProgramHome home_;
  std::string config_;
  std::unique_ptr<RedisServer> redis_;
  std::unique_ptr<net::HttpClient> client_;
};

TEST_F(RedisProgram, SaysThatRedisIsDownAndGoesOnWhenItIsBack) {
  auto server = RunningProgram::serve(home_, on_redis({"--port", "0"}));
  ASSERT_TRUE(server) << server.error().to_string();
  const std::string url = (*server)->url();
  EXPECT_EQ(ask(url + "/health").status, 200);
  const auto created = ask(url + "/session", R"({"initial_prompt": "make a page"})");
  ASSERT_EQ(created.status, 201) << created.body;
  const std::string session = url + "/session/" + get_string(value_of(parse_json(created.body)), "session_id");

  redis_->kill();
  EXPECT_TRUE(becomes(url + "/health", 503));
  const auto health = ask(url + "/health");
  EXPECT_FALSE(get_bool(value_of(parse_json(health.body))["services"], "redis", true)) << health.body;
  for (const auto& [path, body] : {std::pair<std::string, std::string>{session, ""},
                                   {url + "/session", R"({"initial_prompt": "another"})"},
                                   {url + "/health", ""}}) {
    const auto begun = std::chrono::steady_clock::now();
    const auto refused = ask(path, body);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(1)) << path;
    EXPECT_EQ(refused.status, 503) << path;
    EXPECT_TRUE(refused.headers.find("Retry-After")) << path;
  }

  redis_->start();
  EXPECT_TRUE(becomes(url + "/health", 200));
  EXPECT_TRUE(becomes(session, 200));
}

TEST_F(RedisProgram, DoctorSaysWhatRedisLacks) {
  const auto lines = [&] { return value_of(home_.run(on_redis({"doctor", "--port", "0"}))).out; };
  EXPECT_NE(lines().find("Redis 7"), std::string::npos);
  redis_->cli({"config", "set", "maxmemory-policy", "allkeys-lru"});
  EXPECT_NE(lines().find("maxmemory-policy noeviction"), std::string::npos);
  redis_->cli({"config", "set", "requirepass", "secret"});
  EXPECT_NE(lines().find("REDIS_PASSWORD"), std::string::npos);
  redis_->kill();
  EXPECT_NE(lines().find("REDIS_URL"), std::string::npos);
}

}  // namespace
}  // namespace ottobot::testing
