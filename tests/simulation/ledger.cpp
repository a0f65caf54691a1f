#include "simulation/ledger.hpp"

namespace ottobot::simulation {

void Ledger::violated(const std::string& what) {
  scheduler_.trace("VIOLATED: " + what);
  if (violation_.empty()) violation_ = what;
}

void Ledger::effect(const std::string& call_id, bool reads) {
  if (++effects_[call_id] > 1 && !reads) violated("the call " + call_id + " has had its effect twice");
}

int Ledger::effects(const std::string& call_id) const {
  const auto found = effects_.find(call_id);
  return found == effects_.end() ? 0 : found->second;
}

void Ledger::granted(const Lease& lease, std::chrono::milliseconds ttl) {
  Session& session = sessions_[lease.session_id];
  if (lease.owner != session.newest.owner && session.until > scheduler_.now()) {
    violated(lease.session_id + " was given to " + lease.owner + " while it was " + session.newest.owner + "'s");
  }
  if (lease.epoch <= session.newest.epoch) violated(lease.session_id + ": an epoch was given out again");
  session.newest = lease;
  renewed(lease, ttl);
}

void Ledger::renewed(const Lease& lease, std::chrono::milliseconds ttl) {
  Session& session = sessions_[lease.session_id];
  if (lease.epoch != session.newest.epoch) violated(lease.session_id + ": a lease was renewed under a stale epoch");
  session.until = scheduler_.now() + ttl.count() * kMillisecond;
}

void Ledger::released(const Lease& lease) {
  Session& session = sessions_[lease.session_id];
  if (session.newest.epoch == lease.epoch) session.until = 0;
}

void Ledger::created(const CreateSessionParams& params, const CreateSessionResult& result) {
  if (result.replayed) return;
  Seq seq = 0;
  for (const NewEvent& event : params.events) note(params.row.id, event, ++seq);
}

void Ledger::appended(const AppendParams& params, const AppendResult& result) {
  if (result.replayed) return;
  for (std::size_t i = 0; i < params.events.size(); ++i) note(params.session_id, params.events[i], result.seqs.at(i));
}

void Ledger::appended_by_owner(const AppendOwnerParams& params, const AppendResult& result) {
  const Session& session = sessions_[params.session_id];
  if (params.epoch != session.newest.epoch || session.until == 0) {
    violated(params.session_id + ": an append under the stale epoch " + std::to_string(params.epoch) + " got in");
  }
  appended(params, result);
}

void Ledger::note(const std::string& session_id, const NewEvent& event, Seq seq) {
  Session& session = sessions_[session_id];
  if (session.purged) violated(session_id + " is written to after it was removed");
  if (seq != static_cast<Seq>(session.log.size()) + 1) violated(session_id + ": its log has a gap");
  if (!session.event_ids.insert(event.id).second) violated(session_id + ": an event is in its log twice");
  session.log.push_back({seq, event.id, event.type, 0, event.data, event.internal});
}

void Ledger::purged(const std::string& session_id) { sessions_[session_id].purged = true; }

const std::vector<Event>& Ledger::log(const std::string& session_id) const {
  static const std::vector<Event> none;
  const auto found = sessions_.find(session_id);
  return found == sessions_.end() ? none : found->second.log;
}

std::vector<std::string> Ledger::sessions() const {
  std::vector<std::string> ids;
  for (const auto& [id, session] : sessions_) {
    if (!session.log.empty()) ids.push_back(id);
  }
  return ids;
}

bool Ledger::is_purged(const std::string& session_id) const { return sessions_.at(session_id).purged; }

}  // namespace ottobot::simulation
