// Redis servers for tests: those that a test run shares, and one of a test's own that it may kill.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "net/process/spawn.hpp"
#include "ottobot/stores/redis.hpp"
#include "skip.hpp"
#include "stores/temp_dir.hpp"

namespace ottobot::testing {

enum class SharedRedis { single, cluster };

// Of a server that redis_servers.sh started, with a prefix of its own. Errors: unavailable (not started).
Result<RedisOptions> shared_redis(SharedRedis which);

// Says what is missing, and ends the test.
#define OTTOBOT_NEED_REDIS()                                                                     \
  do {                                                                                           \
    if (!::ottobot::net::has_program("redis-server")) OTTOBOT_SKIP_UNLESS_CI("redis-server is not installed"); \
  } while (false)

// A server on a unix socket in a folder of its own; ended with this object.
class RedisServer {
 public:
  // Arguments of redis-server, after ours.
  explicit RedisServer(std::vector<std::string> arguments = {});
  ~RedisServer();

  RedisOptions options() const;
  std::string socket() const { return (dir_.path() / "redis.sock").string(); }
  void start();  // and waits until it answers, or has ended
  bool running() { return !process_.try_wait().has_value(); }
  void kill();
  void end();  // as a service manager does: what it has been told is in its files
  void freeze() { process_.kill_group(SIGSTOP); }
  void thaw() { process_.kill_group(SIGCONT); }
  // What redis-cli prints.
  std::string cli(std::vector<std::string> arguments) const;

 private:
  const std::vector<std::string> arguments_;
  TempDir dir_;
  net::Process process_;
};

}  // namespace ottobot::testing
