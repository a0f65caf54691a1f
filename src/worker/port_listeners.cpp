#include "worker/port_listeners.hpp"

namespace ottobot::worker {
namespace {

constexpr const char* kVncPool = "vnc";
constexpr const char* kMcpPool = "mcp";

}  // namespace

Result<int> PortListeners::open_vnc(const std::string& session_id, int recorded, const CallContext& ctx) {
  return open({kVncPool, options_.vnc_ports, dependencies_.vnc_handler}, session_id, recorded, ctx);
}

Result<int> PortListeners::open_mcp(const std::string& session_id, int recorded, const CallContext& ctx) {
  return open({kMcpPool, options_.mcp_ports, dependencies_.mcp_handler}, session_id, recorded, ctx);
}

Result<int> PortListeners::open(const Pool& pool, const std::string& session_id, int recorded, const CallContext& ctx) {
  if (pool.range.first <= 0 || !pool.handler) return 0;
  {
    std::lock_guard lock(mutex_);
    const auto open = listeners_.find({session_id, pool.name});
    if (open != listeners_.end()) return open->second->port();
  }
  if (recorded > 0) {
    if (auto port = listen(pool, session_id, recorded)) return port;
  }
  while (true) {
    const LeasePortParams params{options_.host_id, pool.name, pool.range.first, pool.range.last, session_id};
    auto leased = dependencies_.store.lease_port(params, ctx);
    if (!leased && leased.error().code == ErrorCode::resource_exhausted) return 0;
    if (!leased) return fail(leased.error());
    auto port = listen(pool, session_id, *leased);
    if (port || port.error().code != ErrorCode::conflict) return port;
    // Somebody else's: it stays leased to this session, so that the next try gets another.
    dependencies_.logger.debug("port is in use by another program", {{"port", *leased}});
  }
}

Result<int> PortListeners::listen(const Pool& pool, const std::string& session_id, int port) {
  net::ListenOptions options;
  options.address = options_.bind_address;
  options.port = port;
  options.handler = pool.handler(session_id);
  options.error_response = dependencies_.error_response;
  auto listener = dependencies_.server.listen(std::move(options));
  if (!listener) return fail(listener.error());
  std::lock_guard lock(mutex_);
  listeners_[{session_id, pool.name}] = std::move(*listener);
  return port;
}

std::set<std::string> PortListeners::sessions() {
  std::set<std::string> ids;
  std::lock_guard lock(mutex_);
  for (const auto& [key, listener] : listeners_) ids.insert(key.first);
  return ids;
}

void PortListeners::close_listeners(const std::string& session_id) {
  std::vector<std::unique_ptr<net::Listener>> closing;  // destroyed outside of the lock: it waits for handlers
  {
    std::lock_guard lock(mutex_);
    for (const char* pool : {kVncPool, kMcpPool}) {
      const auto open = listeners_.find({session_id, pool});
      if (open == listeners_.end()) continue;
      closing.push_back(std::move(open->second));
      listeners_.erase(open);
    }
  }
}

void PortListeners::close(const std::string& session_id, const CallContext& ctx) {
  close_listeners(session_id);
  if (auto released = dependencies_.store.release_ports(session_id, ctx); !released) {
    dependencies_.logger.warn("could not release ports",
                              {{"session", session_id}, {"error", released.error().to_string()}});
  }
}

void PortListeners::close_all() {
  std::map<Key, std::unique_ptr<net::Listener>> closing;
  std::lock_guard lock(mutex_);
  closing.swap(listeners_);
}

}  // namespace ottobot::worker
