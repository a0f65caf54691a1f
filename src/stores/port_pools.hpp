// Which port of which (host, pool) belongs to which session: O(1) per lease and per port released.
//
// One thread at a time. Ports that were never leased come first, then released ones, longest free first: a viewer that
// still reconnects to an ended session's port does not land in the next session.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ottobot/session_store.hpp"

namespace ottobot::stores {

// Errors: invalid_argument (empty or impossible range).
Result<void> check_port_range(const LeasePortParams& params);
Failure no_port_left(const LeasePortParams& params);

class PortPools {
 public:
  // Errors: invalid_argument (empty or impossible range), resource_exhausted.
  Result<int> lease(const LeasePortParams& params);
  // A lease of an earlier run.
  void restore(const std::string& host_id, const std::string& pool, int port, const std::string& session_id);
  // Gives one lease back that was not used; harmless when it is not held.
  void release(const LeasePortParams& params, int port);
  void release_all(const std::string& session_id);
  // Every session that holds a port of the host, once.
  std::vector<std::string> holders(const std::string& host_id) const;

 private:
  struct Pool {
    int first = 0, last = -1, next = 0;  // [next, last] was never leased since the range was set, but for restored ones
    std::deque<int> released;
    std::unordered_map<int, std::string> held;  // port -> session
  };
  using PoolKey = std::pair<std::string, std::string>;  // host id, pool

  static int take_free_port(Pool& pool);
  static void give_back(Pool& pool, int port);

  std::map<PoolKey, Pool> pools_;
  std::unordered_map<std::string, std::vector<std::pair<PoolKey, int>>> of_session_;
};

}  // namespace ottobot::stores
