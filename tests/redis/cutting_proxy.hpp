// Stands between a client and a server on unix sockets, and breaks the connection when it is told to.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/unique_fd.hpp"
#include "stores/temp_dir.hpp"

namespace ottobot::testing {

class CuttingProxy {
 public:
  enum class Cut {
    before,  // the server never hears of the request
    after,   // the server has answered, and the client never hears of that
  };

  explicit CuttingProxy(std::string server);
  ~CuttingProxy();

  std::string socket() const { return (dir_.path() / "proxy.sock").string(); }
  // Breaks the connection at the request after `skipped` others, counted over all connections, once.
  void cut(Cut how, int skipped);
  // Forgets a cut that has not come; true when it has.
  bool was_cut();

 private:
  void accept_all();
  void serve(int client);
  bool is_due(Cut& how);

  const std::string server_;
  TempDir dir_;
  net::UniqueFd listener_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;  // guards the rest but accepting_
  int skipped_ = -1;  // requests until the cut; -1 = none
  Cut how_ = Cut::before;
  std::vector<std::thread> threads_;
  std::vector<int> open_;  // descriptors of running connections
  std::thread accepting_;
};

}  // namespace ottobot::testing
