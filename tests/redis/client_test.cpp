// The client against real servers: one, a cluster whose slots move, one behind TLS.

#include "redis/client.hpp"

#include <fstream>

#include "ottobot/ids.hpp"
#include "ottobot/testing/results.hpp"
#include "redis/redis_server.hpp"

namespace ottobot::redis {
namespace {

using testing::failed_with;
using testing::RedisServer;
using testing::shared_redis;
using testing::SharedRedis;
using testing::succeeded;
using testing::value_of;

const CallContext kCall = with_timeout(std::chrono::seconds(30));

Result<Reply> get(Client& client, const std::string& key) { return client.call(Request::command({"GET", key}), kCall); }
Result<Reply> set(Client& client, const std::string& key, const std::string& value) {
  return client.call(Request::command({"SET", key, value, "EX", "60"}), kCall);
}

std::string redis_cli(const Address& address, std::vector<std::string> arguments) {
  net::SpawnOptions spawn;
  spawn.argv = {"redis-cli", "-h", address.host, "-p", std::to_string(address.port)};
  spawn.argv.insert(spawn.argv.end(), arguments.begin(), arguments.end());
  auto out = value_of(net::run(spawn, kCall)).out;
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

TEST(RedisClient, ManyCallersShareAConnection) {
  OTTOBOT_NEED_REDIS();
  RedisServer server;
  auto client = value_of(Client::connect(server.options()));
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int n = 0; n < 200; ++n) {
          const std::string key = std::to_string(t) + "-" + std::to_string(n), value = key + std::string(n * 50, 'x');
          EXPECT_TRUE(succeeded(set(*client, key, value)));
          EXPECT_EQ(value_of(get(*client, key)).text(), value);
        }
      });
    }
  }
  const auto clients = server.cli({"client", "list", "type", "normal"});
  EXPECT_EQ(std::count(clients.begin(), clients.end(), '\n'), 2) << "the client's and redis-cli's\n" << clients;
}

TEST(RedisClient, WhatIsBegunGoesOutWithTheNextRequestOrOnceAnybodyWaits) {
  OTTOBOT_NEED_REDIS();
  RedisServer server;
  auto client = value_of(Client::connect(server.options()));
  ASSERT_TRUE(succeeded(set(*client, "a", "first")));
  auto never_finished = client->begin(Request::command({"INCR", "n"}));
  auto old = client->begin(Request::command({"GET", "a"}));
  ASSERT_TRUE(never_finished && old);
  EXPECT_EQ(server.cli({"get", "n"}), "\n") << "sent at once";
  ASSERT_TRUE(succeeded(set(*client, "a", "second")));
  auto next = client->begin(Request::command({"GET", "a"}));
  ASSERT_TRUE(next);
  EXPECT_EQ(value_of(client->finish(std::move(*next), kCall)).text(), "second");
  EXPECT_EQ(value_of(client->finish(std::move(*old), kCall)).text(), "first");
  EXPECT_EQ(value_of(get(*client, "n")).number(), 1);
}

TEST(RedisClient, ManyBeginWhileOthersCall) {
  OTTOBOT_NEED_REDIS();
  RedisServer server;
  auto client = value_of(Client::connect(server.options()));
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int n = 0; n < 200; ++n) {
        const std::string key = std::to_string(t) + "-" + std::to_string(n), value = key + std::string(n * 50, 'x');
        EXPECT_TRUE(succeeded(set(*client, key, value)));
        auto own = client->begin(Request::command({"GET", key}));
        auto dropped = client->begin(Request::command({"GET", key}));
        ASSERT_TRUE(own && dropped);
        if (n % 2 == 0) {
          EXPECT_EQ(value_of(get(*client, key)).text(), value);
        }
        EXPECT_EQ(value_of(client->finish(std::move(*own), kCall)).text(), value);
      }
    });
  }
}

TEST(RedisClient, WhatIsBegunIsAskedAgainWhenItsConnectionBreaks) {
  OTTOBOT_NEED_REDIS();
  RedisServer server;
  auto client = value_of(Client::connect(server.options()));
  ASSERT_TRUE(succeeded(set(*client, "a", "1")));
  auto begun = client->begin(Request::command({"GET", "a"}));
  ASSERT_TRUE(begun);
  server.cli({"client", "kill", "type", "normal"});
  EXPECT_EQ(value_of(client->finish(std::move(*begun), kCall)).text(), "1");
}

// What nobody finishes was perhaps never sent: that Redis is silent about it says nothing.
TEST(RedisClient, WhatIsBegunAndLeftIsNoSilence) {
  OTTOBOT_NEED_REDIS();
  RedisServer server;
  auto client = value_of(Client::connect(server.options()));
  ASSERT_TRUE(succeeded(set(*client, "a", "1")));
  ASSERT_TRUE(client->begin(Request::command({"GET", "a"})));
  std::this_thread::sleep_for(Connection::kSilence + std::chrono::milliseconds(100));
  EXPECT_EQ(value_of(get(*client, "a")).text(), "1");
}

TEST(RedisClient, AServerThatHangsIsNoticedByThoseWhoBegin) {
  OTTOBOT_NEED_REDIS();
  RedisServer server;
  auto client = value_of(Client::connect(server.options()));
  ASSERT_TRUE(succeeded(set(*client, "a", "1")));
  server.freeze();
  const auto until = std::chrono::steady_clock::now() + Connection::kDead;
  auto begun = client->begin(Request::command({"GET", "a"}));
  while (begun && std::chrono::steady_clock::now() < until) {
    EXPECT_TRUE(failed_with(ErrorCode::deadline_exceeded,
                            client->finish(std::move(*begun), with_timeout(std::chrono::milliseconds(200)))));
    begun = client->begin(Request::command({"GET", "a"}));
  }
  EXPECT_FALSE(begun) << "its silence was not noticed";
  server.thaw();
}

TEST(RedisClient, LargeRequestsAndAnswersPass) {
  OTTOBOT_NEED_REDIS();
  RedisServer server;
  auto client = value_of(Client::connect(server.options()));
  const std::string large(20 << 20, 'x');
  ASSERT_TRUE(succeeded(set(*client, "large", large)));
  EXPECT_TRUE(value_of(get(*client, "large")).text() == large);
}

TEST(RedisClient, AScriptThatTheServerForgotIsSentAgain) {
  OTTOBOT_NEED_REDIS();
  RedisServer server;
  auto client = value_of(Client::connect(server.options()));
  const Script script("return {ARGV[1], ARGV[2], KEYS[1]}");
  for (int n = 0; n < 3; ++n) {
    const auto reply = value_of(client->call(Request::script(script, {"k"}, {"a"}), kCall));
    EXPECT_EQ(reply[0].text(), "0");
    EXPECT_EQ(reply[1].text(), "a");
    EXPECT_EQ(reply[2].text(), "k");
    server.cli({"script", "flush"});
  }
}

TEST(RedisClient, WhatMustNotHappenTwiceIsNotMadeAgain) {
  OTTOBOT_NEED_REDIS();
  RedisServer server;
  auto client = value_of(Client::connect(server.options()));
  ASSERT_TRUE(succeeded(client->call(Request::command({"INCR", "n"}).once(), kCall)));
  server.cli({"client", "kill", "type", "normal"});
  // The connection was found broken only when the request was on its way, or before: never two.
  const auto second = client->call(Request::command({"INCR", "n"}).once(), kCall);
  EXPECT_EQ(value_of(get(*client, "n")).number(), second ? 2 : 1);
}

TEST(RedisClient, FollowsASlotThatMoves) {
  OTTOBOT_NEED_REDIS();
  auto options = shared_redis(SharedRedis::cluster);
  if (!options) OTTOBOT_SKIP_UNLESS_CI(options.error().to_string());
  auto client = value_of(Client::connect(*options));
  ASSERT_TRUE(client->is_cluster());
  const std::string key = "moving-" + new_id();
  ASSERT_TRUE(succeeded(set(*client, key, "v")));
  const int slot = slot_of(key);
  const Address from = client->address_of(slot);
  Address to = from;
  for (int other = 0; to == from; other += 1000) to = client->address_of(other);
  const auto from_id = redis_cli(from, {"cluster", "myid"}), to_id = redis_cli(to, {"cluster", "myid"});
  const auto number = std::to_string(slot);

  redis_cli(to, {"cluster", "setslot", number, "importing", from_id});
  redis_cli(from, {"cluster", "setslot", number, "migrating", to_id});
  EXPECT_EQ(value_of(get(*client, key)).text(), "v");
  redis_cli(from, {"migrate", to.host, std::to_string(to.port), key, "0", "5000"});
  EXPECT_EQ(value_of(get(*client, key)).text(), "v") << "ASK";
  for (const auto& node : {to, from}) redis_cli(node, {"cluster", "setslot", number, "node", to_id});
  EXPECT_EQ(value_of(get(*client, key)).text(), "v") << "MOVED";
  EXPECT_EQ(client->address_of(slot), to);

  redis_cli(from, {"cluster", "setslot", number, "importing", to_id});
  redis_cli(to, {"cluster", "setslot", number, "migrating", from_id});
  redis_cli(to, {"migrate", from.host, std::to_string(from.port), key, "0", "5000"});
  for (const auto& node : {from, to}) redis_cli(node, {"cluster", "setslot", number, "node", from_id});
  EXPECT_EQ(value_of(get(*client, key)).text(), "v");
}

class RedisTls : public ::testing::Test {
 protected:
  void SetUp() override {
    OTTOBOT_NEED_REDIS();
    const std::string make_certificates =
        "cd '" + dir_.path().string() + "' && "
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem "
        "-subj /CN=test -days 2 && "
        "openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out s.csr "
        "-subj /CN=localhost && "
        "printf 'subjectAltName=DNS:localhost' > ext && "
        "openssl x509 -req -in s.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out cert.pem";
    net::SpawnOptions spawn;
    spawn.argv = {"sh", "-c", make_certificates};
    ASSERT_EQ(value_of(net::run(spawn, kCall)).status.code, 0);
    for (int port = 21000; !server_ && port < 21100; ++port) start(port);
    ASSERT_TRUE(server_);
  }

  void start(int port) {
    const auto file = [&](const char* name) { return (dir_.path() / name).string(); };
    auto server = std::make_unique<RedisServer>(std::vector<std::string>{
        "--tls-port", std::to_string(port), "--bind", "127.0.0.1", "--tls-auth-clients", "no", "--tls-cert-file",
        file("cert.pem"), "--tls-key-file", file("key.pem"), "--tls-ca-cert-file", file("ca.pem")});
    if (!server->running()) return;
    server_ = std::move(server);
    options_.port = port;
    options_.tls = true;
    options_.ca_file = file("ca.pem");
  }

  testing::TempDir dir_;
  std::unique_ptr<RedisServer> server_;
  RedisOptions options_;
};

TEST_F(RedisTls, CarriesManyCallersAndLargeAnswers) {
  auto client = value_of(Client::connect(options_));
  const std::string large(3 << 20, 'x');
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int n = 0; n < 5; ++n) {
        const std::string key = std::to_string(t);
        EXPECT_TRUE(succeeded(set(*client, key, large + key)));
        EXPECT_TRUE(value_of(get(*client, key)).text() == large + key);
      }
    });
  }
}

TEST_F(RedisTls, RefusesACertificateThatIsNotTrustedOrOfAnother) {
  auto options = options_;
  options.ca_file.clear();
  auto refused = Client::connect(options);
  ASSERT_TRUE(failed_with(ErrorCode::unavailable, refused));
  EXPECT_NE(refused.error().message.find("not trusted"), std::string::npos) << refused.error().message;
  options = options_;
  options.host = "127.0.0.1";  // the certificate is localhost's
  EXPECT_TRUE(failed_with(ErrorCode::unavailable, Client::connect(options)));
  options = options_;
  options.ca_file = "/nowhere.pem";
  EXPECT_TRUE(failed_with(ErrorCode::not_found, Client::connect(options)));
  options = options_;
  options.tls = false;
  EXPECT_FALSE(Client::connect(options).has_value());
}

}  // namespace
}  // namespace ottobot::redis
