// What must be true at every moment, noted where it happens: in the store, and in sandboxes.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "ottobot/session_store.hpp"
#include "simulation/scheduler.hpp"

namespace ottobot::simulation {

class Ledger {
 public:
  explicit Ledger(Scheduler& scheduler) : scheduler_(scheduler) {}

  // The first one is kept.
  void violated(const std::string& what);
  const std::string& violation() const { return violation_; }

  // A call had its effect: once, whatever sandbox it was in, unless it only reads.
  void effect(const std::string& call_id, bool reads);
  int effects(const std::string& call_id) const;

  // As the store did them.
  void granted(const Lease& lease, std::chrono::milliseconds ttl);
  void renewed(const Lease& lease, std::chrono::milliseconds ttl);
  void released(const Lease& lease);
  void created(const CreateSessionParams& params, const CreateSessionResult& result);
  void appended(const AppendParams& params, const AppendResult& result);
  void appended_by_owner(const AppendOwnerParams& params, const AppendResult& result);
  void purged(const std::string& session_id);

  // Everything that ever was in the session's log; empty for an unknown one.
  const std::vector<Event>& log(const std::string& session_id) const;
  std::vector<std::string> sessions() const;
  bool is_purged(const std::string& session_id) const;

 private:
  void note(const std::string& session_id, const NewEvent& event, Seq seq);

  struct Session {
    std::vector<Event> log;
    std::set<std::string> event_ids;
    Lease newest;
    Nanos until = 0;  // of the newest lease; 0 once it was released
    bool purged = false;
  };

  Scheduler& scheduler_;
  std::string violation_;
  std::map<std::string, int> effects_;
  std::map<std::string, Session> sessions_;
};

}  // namespace ottobot::simulation
