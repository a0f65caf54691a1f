// `ottobot serve --store redis`, and what it says when Redis is not there.

#include "redis_program.hpp"

namespace ottobot::testing {
namespace {

using std::chrono::seconds;

const std::map<std::string, std::string> kShared{{"OTTOBOT_CLUSTER_SECRET", "the-same-for-all-processes"}};

TEST_F(RedisProgram, SaysThatRedisIsDownAndGoesOnWhenItIsBack) {
  auto server = RunningProgram::serve(home_, on_redis({"--port", "0"}));
  ASSERT_TRUE(server) << server.error().to_string();
  const std::string url = (*server)->url();
  EXPECT_EQ(ask(url + "/health").status, 200);
  const std::string session = url + "/session/" + create(url);

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

TEST_F(RedisProgram, SaysThatRedisIsFullAndLetsSessionsBeEnded) {
  auto server = RunningProgram::serve(home_, on_redis({"--port", "0", "--role", "api"}, config(kShared)));
  ASSERT_TRUE(server) << server.error().to_string();
  const std::string url = (*server)->url();
  const std::string session = url + "/session/" + create(url);
  redis_->cli({"config", "set", "maxmemory", "1"});
  const auto refused = ask(url + "/session", R"({"initial_prompt": "another"})");
  EXPECT_EQ(refused.status, 503) << refused.body;
  EXPECT_NE(refused.body.find("maxmemory"), std::string::npos) << refused.body;
  EXPECT_TRUE(eventually([&] { return ask(url + "/health").body.find("store: ") != std::string::npos; }));
  EXPECT_EQ(ask(session).status, 200) << "what is there can be read";
  net::HttpRequest end;
  end.method = "DELETE";
  end.url = session;
  EXPECT_EQ(value_of(client_->fetch(end, with_timeout(seconds(20)))).status, 202);
  redis_->cli({"config", "set", "maxmemory", "0"});
  EXPECT_EQ(ask(url + "/session", R"({"initial_prompt": "another"})").status, 201);
}

TEST_F(RedisProgram, SaysThatRedisHasBecomeAReadOnlyReplica) {
  auto server = RunningProgram::serve(home_, on_redis({"--port", "0", "--role", "api"}, config(kShared)));
  ASSERT_TRUE(server) << server.error().to_string();
  const std::string url = (*server)->url();
  redis_->cli({"replicaof", "127.0.0.1", "1"});
  const auto refused = ask(url + "/session", R"({"initial_prompt": "another"})");
  EXPECT_EQ(refused.status, 503) << refused.body;
  EXPECT_NE(refused.body.find("read-only replica"), std::string::npos) << refused.body;
  EXPECT_TRUE(refused.headers.find("Retry-After"));
  redis_->cli({"replicaof", "no", "one"});
  EXPECT_TRUE(eventually([&] { return ask(url + "/session", R"({"initial_prompt": "more"})").status == 201; }));
}

TEST_F(RedisProgram, DoesNotStartWithAWrongPasswordAndSaysWhichSetting) {
  const auto started = [&](const std::map<std::string, std::string>& settings) {
    return value_of(home_.run(on_redis({"serve", "--port", "0"}, config(settings))));
  };
  const auto unasked = started({{"REDIS_PASSWORD", "secret"}});
  EXPECT_EQ(unasked.status.code, 1);
  EXPECT_NE(unasked.err.find("unset REDIS_PASSWORD"), std::string::npos) << unasked.err;
  redis_->cli({"config", "set", "requirepass", "secret"});
  const auto wrong = started({{"REDIS_PASSWORD", "guess"}});
  EXPECT_EQ(wrong.status.code, 1);
  EXPECT_NE(wrong.err.find("is not what it wants"), std::string::npos) << wrong.err;
  EXPECT_EQ(wrong.err.find("unset"), std::string::npos) << wrong.err;
  const auto none = started({});
  EXPECT_EQ(none.status.code, 1);
  EXPECT_NE(none.err.find("set REDIS_PASSWORD"), std::string::npos) << none.err;
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
