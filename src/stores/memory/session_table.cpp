#include "stores/memory/session_table.hpp"

#include <algorithm>

#include "stores/append_rules.hpp"

namespace ottobot::stores {

bool names_blob(const StoredSession& session, const std::string& blob_id) {
  if (session.row.archive_blob == blob_id || session.row.snapshot_blob == blob_id) return true;
  return std::any_of(session.log.begin(), session.log.end(), [&](const std::shared_ptr<const Event>& event) {
    return !event->internal.is_null() && dump_json(event->internal).find(blob_id) != std::string::npos;
  });
}

StoredSession* SessionTable::find(const std::string& session_id) {
  const auto found = sessions_.find(session_id);
  return found == sessions_.end() ? nullptr : &found->second;
}

Result<CreateSessionResult> SessionTable::create(const CreateSessionParams& params) {
  auto created = find_created({params.row.user, params.idempotency_key, params.request_hash});
  if (!created) return fail(created.error());
  if (*created) return CreateSessionResult{std::move(**created), true};
  const auto [place, inserted] = sessions_.try_emplace(params.row.id);
  if (!inserted) return session_exists(params.row.id);
  StoredSession& session = place->second;
  session.row = params.row;
  session.row.last_seq = 0;
  session.row.turns = {};
  session.row.pending = true;
  session.serial = ++last_serial_;
  session.created_by = {params.row.user, params.idempotency_key};
  write_events(session, params.events);
  index_.insert(session.row, session.serial);
  if (!params.idempotency_key.empty()) remember_key(params);
  return CreateSessionResult{session.row, false};
}

Result<std::optional<SessionRow>> SessionTable::find_created(const FindCreatedParams& params) {
  drop_expired_keys();
  const auto known = keys_.find({params.user, params.idempotency_key});
  if (known == keys_.end()) return std::nullopt;
  if (known->second.request_hash != params.request_hash) return key_reused(params.idempotency_key);
  return sessions_.at(known->second.session_id).row;
}

void SessionTable::remember_key(const CreateSessionParams& params) {
  const IdempotencyKey key{params.row.user, params.idempotency_key};
  const auto expiry = key_expiry_.emplace(clock_.now_ms() + kIdempotencyMillis, key);
  keys_[key] = KeyEntry{params.request_hash, params.row.id, expiry};
}

void SessionTable::drop_expired_keys() {
  const UnixMillis now = clock_.now_ms();
  while (!key_expiry_.empty() && key_expiry_.begin()->first <= now) {
    keys_.erase(key_expiry_.begin()->second);
    key_expiry_.erase(key_expiry_.begin());
  }
}

Result<AppendResult> SessionTable::append(StoredSession& session, const AppendParams& params, const RowPatch& patch,
                                          std::optional<Seq> if_last_seq) {
  const auto replay = find_replay(params.events, [&](const std::string& id) -> Seq {
    const auto known = session.seq_of_id.find(id);
    return known == session.seq_of_id.end() ? 0 : known->second;
  });
  if (!replay) return fail(replay.error());
  if (!replay->empty()) {
    const UnixMillis timestamp = session.log[static_cast<std::size_t>(replay->front() - 1)]->timestamp;
    return AppendResult{*replay, session.row.last_seq, timestamp, true};
  }
  if (if_last_seq && *if_last_seq != session.row.last_seq) {
    return log_moved(params.session_id, *if_last_seq, session.row.last_seq);
  }
  const SessionMarks before = marks_of(session.row);
  AppendResult appended;
  appended.seqs = write_events(session, params.events);
  appended.timestamp = session.last_timestamp;
  appended.last_seq = session.row.last_seq;
  patch.apply_to(session.row);
  for (const NewEvent& event : params.events) {
    const auto turn = finished_turn(event);
    if (!turn) continue;
    session.row.turns += turn->cost;
    turns_[turn->outcome] += turn->cost;
  }
  index_.update(before, session.row, session.serial);
  return appended;
}

std::vector<Seq> SessionTable::write_events(StoredSession& session, const std::vector<NewEvent>& events) {
  session.last_timestamp = std::max(session.last_timestamp, clock_.now_ms());
  std::vector<Seq> seqs;
  for (const auto& event : events) {
    const Seq seq = ++session.row.last_seq;
    session.log.push_back(std::make_shared<const Event>(
        Event{seq, event.id, event.type, session.last_timestamp, event.data, event.internal}));
    session.seq_of_id.emplace(event.id, seq);
    seqs.push_back(seq);
  }
  return seqs;
}

void SessionTable::erase(StoredSession& session) {
  index_.erase(session.row, session.serial);
  if (const auto key = keys_.find(session.created_by); key != keys_.end() && key->second.session_id == session.row.id) {
    key_expiry_.erase(key->second.expiry);
    keys_.erase(key);
  }
  sessions_.erase(std::string(session.row.id));
}

}  // namespace ottobot::stores
