// A redis-server that a benchmark starts on loopback, and ends.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/support.hpp"
#include "net/process/spawn.hpp"
#include "ottobot/stores/redis.hpp"

namespace ottobot::bench {

class RedisProcess {
 public:
  // Of redis-server, after ours. Ends the program when it does not start.
  explicit RedisProcess(std::vector<std::string> arguments);
  ~RedisProcess();
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;

  int port() const { return port_; }
  RedisOptions options() const { return redis_at(port_); }
  // Of all its threads so far.
  double cpu_us() const { return cpu_us_of(process_.pid()); }
  static RedisOptions redis_at(int port);

 private:
  const ScratchFolder folder_{"redis"};
  int port_;
  net::Process process_;
};

}  // namespace ottobot::bench
