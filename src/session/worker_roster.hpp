// WorkerRoster: who of the workers gets the work of a session.
//
// A session stays with the worker that has run it last. When that one is gone it goes to another on the host that has
// its sandbox, else to any. Whoever asks, with the same workers announced, comes to the same answer: rendezvous hashing
// (Thaler and Ravishankar 1998), with bounded load (Mirrokni et al. 2016) for sessions that are new. Thread-safe.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ottobot/clock.hpp"
#include "ottobot/queue.hpp"
#include "ottobot/session_store.hpp"

namespace ottobot::session {

// The queue that only this worker takes from.
std::string queue_of_worker(const std::string& worker_id);
// The other way round; nullopt for a queue that is no worker's.
std::optional<std::string> worker_of_queue(const std::string& queue);

// Who of those that live looks after the session, and who is to do its work: the same, unless that one has no room.
// nullptr when none lives.
const WorkerRecord* home_of(const std::vector<WorkerRecord>& workers, const SessionRow& row);
const WorkerRecord* choose_worker(const std::vector<WorkerRecord>& workers, const SessionRow& row);

class WorkerRoster {
 public:
  // Borrowed.
  WorkerRoster(Queue& queue, Clock& clock) : queue_(queue), clock_(clock) {}

  // Where the session's jobs are pushed: its worker's own queue, or the one that every worker takes from.
  std::string queue_for(const SessionRow& row, const CallContext& ctx);
  std::optional<WorkerRecord> home_of(const SessionRow& row, const CallContext& ctx);
  // As it was announced in the last second, or as it was known last if that cannot be had.
  std::vector<WorkerRecord> workers(const CallContext& ctx);
  // The next one who asks gets what is announced then.
  void refresh();

 private:
  Queue& queue_;
  Clock& clock_;
  std::mutex asking_;  // held by the one who asks; the others take what is known
  std::mutex mutex_;   // guards the members below
  std::vector<WorkerRecord> known_;
  std::optional<SteadyTime> asked_at_;
};

}  // namespace ottobot::session
