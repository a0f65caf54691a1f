#include "redis/redis_cluster.hpp"

#include <unistd.h>

#include <iostream>
#include <sstream>
#include <thread>

#include "ottobot/testing/results.hpp"

namespace ottobot::testing {
namespace {

constexpr std::chrono::seconds kCall{10};
constexpr std::chrono::seconds kStart{20};
constexpr std::chrono::milliseconds kLook{50};
constexpr int kTries = 5;
constexpr int kBusDistance = 100;  // from a node's port to that of its bus

// Asks again until it holds.
template <class Holds>
bool soon(const Holds& holds) {
  const auto ctx = with_timeout(kStart);
  while (!holds()) {
    if (!ctx.check()) return false;
    std::this_thread::sleep_for(kLook);
  }
  return true;
}

}  // namespace

RedisCluster::RedisCluster(int primaries) : size_(primaries * 2) {
  for (int n = 0; n < kTries && !ready_; ++n) {
    nodes_.clear();
    ready_ = start_nodes(22700 + (static_cast<int>(::getpid()) + n) % 40 * 10) && join();
  }
}

RedisCluster::~RedisCluster() {
  for (net::Process& node : nodes_) {
    node.kill_group(SIGKILL);
    (void)node.wait(with_timeout(kCall));
  }
}

bool RedisCluster::start_nodes(int first_port) {
  first_port_ = first_port;
  for (int n = 0; n < size_; ++n) {
    const int port = first_port + n;
    const auto home = dir_.path() / std::to_string(port);
    std::filesystem::create_directories(home);
    net::SpawnOptions spawn;
    spawn.argv = {"redis-server",
                  "--port",
                  std::to_string(port),
                  "--bind",
                  "127.0.0.1",
                  "--dir",
                  home.string(),
                  "--cluster-enabled",
                  "yes",
                  "--cluster-port",
                  std::to_string(port + kBusDistance),
                  "--cluster-node-timeout",
                  "2000",
                  "--save",
                  "",
                  "--logfile",
                  (home / "log").string()};
    nodes_.push_back(value_of(net::spawn(spawn)));
  }
  killed_.assign(nodes_.size(), false);
  for (int n = 0; n < size_; ++n) {
    const auto port = std::to_string(first_port + n);
    if (!soon([&] { return run({"redis-cli", "-p", port, "ping"}) == "PONG\n"; })) return false;
  }
  return true;
}

bool RedisCluster::join() const {
  std::vector<std::string> create{"redis-cli", "--cluster", "create"};
  for (int n = 0; n < size_; ++n) create.push_back("127.0.0.1:" + std::to_string(first_port_ + n));
  create.insert(create.end(), {"--cluster-replicas", "1", "--cluster-yes"});
  const std::string said = run(create);
  const bool joined = soon([&] {
    for (int n = 0; n < size_; ++n) {
      const auto port = std::to_string(first_port_ + n);
      if (run({"redis-cli", "-p", port, "cluster", "info"}).find("cluster_state:ok") == std::string::npos) return false;
      const bool replica = run({"redis-cli", "-p", port, "role"}).rfind("slave", 0) == 0;
      if (replica &&
          run({"redis-cli", "-p", port, "info", "replication"}).find("master_link_status:up") == std::string::npos)
        return false;
    }
    return true;
  });
  if (!joined) std::cerr << "no cluster:\n" << said;
  return joined;
}

RedisOptions RedisCluster::options() const {
  return value_of(parse_redis_url("redis://127.0.0.1:" + std::to_string(first_port_)));
}

std::string RedisCluster::run(const std::vector<std::string>& argv) const {
  net::SpawnOptions spawn;
  spawn.argv = argv;
  return value_of(net::run(spawn, with_timeout(kStart))).out;
}

std::string RedisCluster::cli(std::vector<std::string> arguments) const {
  int alive = 0;
  while (killed_[static_cast<std::size_t>(alive)]) ++alive;
  arguments.insert(arguments.begin(), {"redis-cli", "-p", std::to_string(first_port_ + alive)});
  return run(arguments);
}

// A line of `cluster nodes`: id, address:port@bus, six fields of no interest, ranges of slots.
int RedisCluster::primary_of(const std::string& key) const {
  const int slot = std::atoi(cli({"cluster", "keyslot", key}).c_str());
  std::istringstream nodes(cli({"cluster", "nodes"}));
  for (std::string line; std::getline(nodes, line);) {
    if (line.find("master") == std::string::npos || line.find("fail") != std::string::npos) continue;
    std::istringstream words(line);
    std::string id, address, skipped;
    words >> id >> address;
    for (int n = 0; n < 6; ++n) words >> skipped;
    for (std::string range; words >> range;) {
      const auto dash = range.find('-');
      const int first = std::atoi(range.c_str());
      const int last = dash == std::string::npos ? first : std::atoi(range.c_str() + dash + 1);
      if (slot >= first && slot <= last) return std::atoi(address.c_str() + address.find(':') + 1);
    }
  }
  return 0;
}

int RedisCluster::kill_primary_of(const std::string& key) {
  const int port = primary_of(key);
  const auto n = static_cast<std::size_t>(port - first_port_);
  if (n >= nodes_.size()) return 0;
  nodes_[n].kill_group(SIGKILL);
  (void)nodes_[n].wait(with_timeout(kCall));
  killed_[n] = true;
  return port;
}

}  // namespace ottobot::testing
