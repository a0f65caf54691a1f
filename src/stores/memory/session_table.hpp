// Rows, logs and idempotency keys of a memory store. One thread at a time: the store locks around it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "stores/memory/session_index.hpp"

namespace ottobot::stores {

using IdempotencyKey = std::pair<std::string, std::string>;  // user, key

struct StoredCheckpoint {
  Seq seq = 0;
  Json state;
};

struct StoredSession {
  SessionRow row;
  std::uint64_t serial = 0;
  std::uint64_t epoch = 0;
  UnixMillis last_timestamp = 0;
  std::vector<std::shared_ptr<const Event>> log;  // log[n] has seq n + 1
  std::unordered_map<std::string, Seq> seq_of_id;
  std::optional<StoredCheckpoint> checkpoint;
  std::map<std::string, std::shared_ptr<const std::string>> blobs;
  IdempotencyKey created_by;
};

// Whether the row or an event names it.
bool names_blob(const StoredSession& session, const std::string& blob_id);

class SessionTable {
 public:
  explicit SessionTable(const Clock& clock) : clock_(clock) {}

  // nullptr when there is none; valid until the session is erased.
  StoredSession* find(const std::string& session_id);
  const SessionIndex& index() const { return index_; }
  const std::map<TurnOutcome, TurnTotals>& turns() const { return turns_; }

  // As SessionStore::create_session; `params` are valid.
  Result<CreateSessionResult> create(const CreateSessionParams& params);
  // As SessionStore::find_created.
  Result<std::optional<SessionRow>> find_created(const FindCreatedParams& params);
  // As SessionStore's appends, after the caller's right to append was checked.
  Result<AppendResult> append(StoredSession& session, const AppendParams& params, const RowPatch& patch,
                              std::optional<Seq> if_last_seq);
  void erase(StoredSession& session);

 private:
  using KeyExpiry = std::multimap<UnixMillis, IdempotencyKey>;
  struct KeyEntry {
    std::string request_hash, session_id;
    KeyExpiry::iterator expiry;
  };

  std::vector<Seq> write_events(StoredSession& session, const std::vector<NewEvent>& events);
  void remember_key(const CreateSessionParams& params);
  void drop_expired_keys();

  const Clock& clock_;
  std::unordered_map<std::string, StoredSession> sessions_;
  SessionIndex index_;
  std::map<TurnOutcome, TurnTotals> turns_;
  std::map<IdempotencyKey, KeyEntry> keys_;
  KeyExpiry key_expiry_;  // of every key in keys_, and no other
  std::uint64_t last_serial_ = 0;
};

}  // namespace ottobot::stores
