#include "redis/redis_server.hpp"

#include <fstream>

#include "ottobot/testing/results.hpp"

namespace ottobot::testing {

Result<RedisOptions> shared_redis(SharedRedis which) {
  const std::filesystem::path dir = OTTOBOT_REDIS_DIR;
  std::ifstream file(dir / (which == SharedRedis::single ? "single" : "cluster"));
  std::string url;
  if (!std::getline(file, url)) {
    return unavailable("no Redis server for the tests", "tests/redis/redis_servers.sh start " + dir.string());
  }
  auto options = parse_redis_url(url);
  if (options) options->key_prefix = "test-" + new_id();
  return options;
}

RedisServer::RedisServer(std::vector<std::string> arguments) : arguments_(std::move(arguments)) { start(); }

RedisServer::~RedisServer() { kill(); }

RedisOptions RedisServer::options() const {
  RedisOptions options;
  options.unix_path = socket();
  return options;
}

void RedisServer::start() {
  net::SpawnOptions spawn;
  spawn.argv = {"redis-server", "--port", "0", "--unixsocket", socket(), "--dir", dir_.path().string(),
                "--save", "", "--logfile", (dir_.path() / "log").string()};
  spawn.argv.insert(spawn.argv.end(), arguments_.begin(), arguments_.end());
  process_ = value_of(net::spawn(spawn));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  // It answers something, if only that it wants a password.
  while (running() && (cli({"ping"}).empty() || cli({"ping"}).find("LOADING") != std::string::npos)) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "redis-server does not start";
  }
}

void RedisServer::kill() {
  process_.kill_group(SIGKILL);
  (void)process_.wait(with_timeout(std::chrono::seconds(10)));
}

void RedisServer::end() {
  process_.kill_group(SIGTERM);
  const auto ended = process_.wait(with_timeout(std::chrono::seconds(20)));
  EXPECT_TRUE(succeeded(ended)) << "redis-server does not end";
}

std::string RedisServer::cli(std::vector<std::string> arguments) const {
  net::SpawnOptions spawn;
  spawn.argv = {"redis-cli", "-s", socket()};
  spawn.argv.insert(spawn.argv.end(), arguments.begin(), arguments.end());
  return value_of(net::run(spawn, with_timeout(std::chrono::seconds(10)))).out;
}

}  // namespace ottobot::testing
