#include "stores/port_pools.hpp"

#include <algorithm>

namespace ottobot::stores {
namespace {

constexpr int kMaxPort = 65535;

}  // namespace

// 0 when there is none. Every port is looked at once per lease of it, so the loops are O(1) amortised.
int PortPools::take_free_port(Pool& pool) {
  while (pool.next <= pool.last) {
    const int port = pool.next++;
    if (!pool.held.contains(port)) return port;
  }
  while (!pool.released.empty()) {
    const int port = pool.released.front();
    pool.released.pop_front();
    if (port >= pool.first && port <= pool.last && !pool.held.contains(port)) return port;
  }
  return 0;
}

Result<void> check_port_range(const LeasePortParams& params) {
  if (params.first >= 1 && params.last <= kMaxPort && params.first <= params.last) return {};
  return invalid_argument("port range " + std::to_string(params.first) + "-" + std::to_string(params.last) +
                          " of pool " + params.pool + " is not a range of ports");
}

Failure no_port_left(const LeasePortParams& params) {
  return resource_exhausted("all ports of pool " + params.pool + " (" + std::to_string(params.first) + "-" +
                                std::to_string(params.last) + ") are in use",
                            "widen the range, or end sessions");
}

Result<int> PortPools::lease(const LeasePortParams& params) {
  if (auto valid = check_port_range(params); !valid) return fail(valid.error());
  const PoolKey key{params.host_id, params.pool};
  Pool& pool = pools_[key];
  if (pool.first != params.first || pool.last != params.last) {
    pool.first = pool.next = params.first;
    pool.last = params.last;
    pool.released.clear();
  }
  const int port = take_free_port(pool);
  if (port == 0) return no_port_left(params);
  pool.held.emplace(port, params.session_id);
  of_session_[params.session_id].emplace_back(key, port);
  return port;
}

void PortPools::restore(const std::string& host_id, const std::string& pool, int port, const std::string& session_id) {
  const PoolKey key{host_id, pool};
  if (pools_[key].held.emplace(port, session_id).second) of_session_[session_id].emplace_back(key, port);
}

void PortPools::give_back(Pool& pool, int port) {
  // A port at or past `next` is found again by counting; in both places it would be handed out twice.
  if (pool.held.erase(port) == 1 && port >= pool.first && port < pool.next) pool.released.push_back(port);
}

void PortPools::release(const LeasePortParams& params, int port) {
  const PoolKey key{params.host_id, params.pool};
  const auto session = of_session_.find(params.session_id);
  if (session == of_session_.end() || std::erase(session->second, std::pair{key, port}) == 0) return;
  if (session->second.empty()) of_session_.erase(session);
  give_back(pools_[key], port);
}

void PortPools::release_all(const std::string& session_id) {
  const auto session = of_session_.find(session_id);
  if (session == of_session_.end()) return;
  for (const auto& [key, port] : session->second) give_back(pools_[key], port);
  of_session_.erase(session);
}

std::vector<std::string> PortPools::holders(const std::string& host_id) const {
  std::vector<std::string> sessions;
  for (const auto& [session_id, ports] : of_session_) {
    const auto is_here = [&](const auto& port) { return port.first.first == host_id; };
    if (std::any_of(ports.begin(), ports.end(), is_here)) sessions.push_back(session_id);
  }
  return sessions;
}

}  // namespace ottobot::stores
