// Membership: says on behalf of a worker that it lives, and looks after the queues of those that do not any more.
//
// One thread announces the worker several times in the life of an announcement, so that one or two may be lost.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <thread>

#include "ottobot/log.hpp"
#include "ottobot/queue.hpp"
#include "ottobot/session_store.hpp"
#include "session/worker_roster.hpp"

namespace ottobot::worker {

class Membership {
 public:
  // `describe` gives the record of now. All is borrowed.
  Membership(SessionStore& store, Queue& queue, session::WorkerRoster& roster, Logger& logger,
             std::function<WorkerRecord()> describe);

  // Once; a first announcement that fails is made up for by the next.
  void join();
  // Nobody pushes to this worker any more; what waits for it goes to others. Again is harmless.
  void leave();
  // Whether another worker has gone since the last call, or the queue was out of reach meanwhile: sessions may be
  // without an owner soon, this worker's too.
  bool somebody_may_have_gone(const CallContext& ctx);
  // Moves the jobs of other workers whose time is up.
  void bury_dead(const CallContext& ctx);
  // To where it belongs now. Errors: those of store and queue; the reconciler makes up for them.
  Result<void> push(const std::string& session_id, const CallContext& ctx);

 private:
  void announce(const std::stop_token& stop);
  void announce_once();
  void move_jobs(const std::string& worker_id, const CallContext& ctx);

  SessionStore& store_;
  Queue& queue_;
  session::WorkerRoster& roster_;
  Logger& logger_;
  const std::function<WorkerRecord()> describe_;
  std::set<std::string> living_;  // as far as somebody_may_have_gone() knows
  bool out_of_reach_ = false;     // when it looked last
  std::jthread thread_;
};

}  // namespace ottobot::worker
