// What every SessionStore checks before it writes, whatever it writes to. Pure functions.
#pragma once

#include <functional>

#include "ottobot/session_store.hpp"

namespace ottobot::stores {

// Ids become file names: 1 to 64 characters of A-Za-z0-9_-. Errors: invalid_argument.
Result<void> check_session_id(const std::string& id);
// Each event has an id, once in the batch. Errors: invalid_argument.
Result<void> check_event_ids(const std::vector<NewEvent>& events);
// check_event_ids, and only types that anybody may post. Errors: invalid_argument.
Result<void> check_inbox_events(const std::vector<NewEvent>& events);

// Where an event id stands in the log already; 0 when it does not.
using FindSeq = std::function<Seq(const std::string& event_id)>;
// The old seqs when all ids of the batch are known, none when it is new. Errors: conflict for a mix of both.
Result<std::vector<Seq>> find_replay(const std::vector<NewEvent>& events, const FindSeq& find_seq);

// When the session is due for sessions_expired; nullopt for never (not ended, and no idle deadline was set).
std::optional<UnixMillis> due_at(UnixMillis expires_at, UnixMillis purge_at);

inline constexpr UnixMillis kIdempotencyMillis = 24LL * 60 * 60 * 1000;

Failure no_session(const std::string& session_id);
Failure stale_epoch(const std::string& session_id, std::uint64_t epoch);
Failure known_in_part();
Failure log_moved(const std::string& session_id, Seq expected, Seq last_seq);
Failure lease_held(const std::string& session_id, const std::string& owner);
Failure key_reused(const std::string& idempotency_key);
Failure no_blob(const std::string& session_id, const std::string& blob_id);
Failure blob_in_use(const std::string& session_id, const std::string& blob_id);
Failure session_exists(const std::string& session_id);

}  // namespace ottobot::stores
