// A Redis Cluster of a test's own, whose nodes it may kill: primaries with a replica each, on loopback.
#pragma once

#include <string>
#include <vector>

#include "redis/redis_server.hpp"

namespace ottobot::testing {

class RedisCluster {
 public:
  explicit RedisCluster(int primaries);
  ~RedisCluster();

  // Whether it came up; why not is on stderr.
  bool ready() const { return ready_; }
  RedisOptions options() const;
  // The primary that has the slots of this key; gone without a word. Its port.
  int kill_primary_of(const std::string& key);
  // Of a node that was not killed.
  std::string cli(std::vector<std::string> arguments) const;
  // What a key's slot is served by.
  int primary_of(const std::string& key) const;

 private:
  bool start_nodes(int first_port);
  bool join() const;
  std::string run(const std::vector<std::string>& argv) const;

  const int size_;
  TempDir dir_;
  int first_port_ = 0;
  std::vector<net::Process> nodes_;
  std::vector<bool> killed_;
  bool ready_ = false;
};

}  // namespace ottobot::testing
