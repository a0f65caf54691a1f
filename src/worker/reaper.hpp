// The reaper: what is left over by crashes, deletes and time. One thread at a time.
#pragma once

#include <set>
#include <string>

#include "session/worker_roster.hpp"
#include "worker/port_listeners.hpp"
#include "worker/warm_pool.hpp"
#include "worker/worker.hpp"

namespace ottobot::worker {

class Reaper {
 public:
  Reaper(WorkerDependencies& dependencies, const WorkerOptions& options, PortListeners& ports, WarmPool& spares,
         session::WorkerRoster& roster)
      : dependencies_(dependencies), options_(options), ports_(ports), spares_(spares), roster_(roster) {}

  // At start: the ports of the sessions that this worker looks after are listened on again.
  void restore(const CallContext& ctx);
  // Sandboxes of our instance, and ports of this host, that no session has any more are removed and given back.
  void remove_strays(const CallContext& ctx);
  // Expired sessions are queued to be ended, and ended ones whose retention is over are purged. Cheap when none is.
  void end_expired(const CallContext& ctx);

 private:
  // Another worker that lives looks after the session.
  bool is_others(const SessionRow& row, const CallContext& ctx);
  void remove_stray_sandboxes(const CallContext& ctx);
  void close_moved_ports(const CallContext& ctx);
  void release_stray_ports(const CallContext& ctx);
  bool has_ended(const std::string& session_id, bool expired_too, const CallContext& ctx);
  void purge(const std::string& session_id, const CallContext& ctx);
  Result<void> purge_owned(const std::string& session_id, const CallContext& ctx);
  // Whether the session's retention is over and nothing waits in it. Errors: those of get_session().
  Result<bool> is_due(const std::string& session_id, const CallContext& ctx);

  WorkerDependencies& dependencies_;
  const WorkerOptions& options_;
  PortListeners& ports_;
  WarmPool& spares_;
  session::WorkerRoster& roster_;
  // Holders of ports that had no session when they were looked at last: one may be about to be created.
  std::set<std::string> stray_holders_;
};

}  // namespace ottobot::worker
