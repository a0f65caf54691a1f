// A balancer that knows nothing of HTTP: a connection of a client is one to a server, and only where that cannot be
// made the next server is tried. What happens to a request afterwards the client sees.
#pragma once

#include <atomic>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include "net/unique_fd.hpp"

namespace ottobot::integration {

class Balancer {
 public:
  explicit Balancer(std::vector<int> ports);
  ~Balancer();  // breaks all connections

  int port() const { return port_; }
  int connections() const { return connections_; }
  // Connections that a server refused.
  int refusals() const { return refusals_; }

 private:
  struct Pair {
    net::UniqueFd client, server;
    std::thread thread;
  };

  void accept_all();
  net::UniqueFd connect_somewhere();
  void carry(Pair& pair);

  const std::vector<int> ports_;
  net::UniqueFd listener_;
  int port_ = 0;
  std::atomic<int> connections_{0}, refusals_{0};
  std::atomic<bool> stopping_{false};
  std::list<Pair> pairs_;  // of the accepting thread
  std::thread accepting_;
};

}  // namespace ottobot::integration
