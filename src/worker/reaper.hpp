// The reaper: what is left over by crashes, deletes and time.
#pragma once

#include "worker/port_listeners.hpp"
#include "worker/worker.hpp"

namespace ottobot::worker {

class Reaper {
 public:
  Reaper(WorkerDependencies& dependencies, const WorkerOptions& options, PortListeners& ports)
      : dependencies_(dependencies), options_(options), ports_(ports) {}

  // At start: the ports of this host's sessions are listened on again.
  void restore(const CallContext& ctx);
  // Sandboxes of our instance that no session has any more are removed; expired sessions are queued to be ended, and
  // ended ones whose retention is over are purged.
  void reap(const CallContext& ctx);

 private:
  void remove_strays(const CallContext& ctx);
  void end_expired(const CallContext& ctx);
  bool is_stray(const Sandbox& sandbox, const CallContext& ctx);

  WorkerDependencies& dependencies_;
  const WorkerOptions& options_;
  PortListeners& ports_;
};

}  // namespace ottobot::worker
