// The loopback ports of sessions: one for the desktop, one for the tools. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <set>

#include "worker/worker.hpp"

namespace ottobot::worker {

class PortListeners {
 public:
  PortListeners(WorkerDependencies& dependencies, const WorkerOptions& options)
      : dependencies_(dependencies), options_(options) {}

  // The session's port, listened on: `recorded` if it has one already, else a newly leased one. 0 when the range is
  // used up, which is no error: the API's own port always works.
  Result<int> open_vnc(const std::string& session_id, int recorded, const CallContext& ctx);
  Result<int> open_mcp(const std::string& session_id, int recorded, const CallContext& ctx);
  // Closes both and gives the leases back.
  void close(const std::string& session_id, const CallContext& ctx);
  // With listeners here.
  std::set<std::string> sessions();
  // The leases stay with whoever has the session now.
  void close_listeners(const std::string& session_id);
  // Closes all listeners; the leases stay with their sessions.
  void close_all();

 private:
  struct Pool {
    const char* name;
    PortRange range;
    const std::function<net::Handler(const std::string&)>& handler;
  };
  using Key = std::pair<std::string, std::string>;  // session, pool

  Result<int> open(const Pool& pool, const std::string& session_id, int recorded, const CallContext& ctx);
  Result<int> listen(const Pool& pool, const std::string& session_id, int port);

  WorkerDependencies& dependencies_;
  const WorkerOptions& options_;
  std::mutex mutex_;  // guards listeners_
  std::map<Key, std::unique_ptr<net::Listener>> listeners_;
};

}  // namespace ottobot::worker
