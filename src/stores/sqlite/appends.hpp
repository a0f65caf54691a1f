// An append to a session: the events, and what they change in its rows, as a part of one transaction. May throw as
// Connection does.
#pragma once

#include "ottobot/session_store.hpp"
#include "stores/sqlite/event_log.hpp"
#include "stores/sqlite/session_rows.hpp"

namespace ottobot::stores {

// What SessionStore's appends have in common, after the caller's right to append was checked. `events` are those of
// `params`, `patch` takes the place of theirs. Errors: conflict.
Result<AppendResult> append_events(Connection& connection, const SessionHead& head, const AppendParams& params,
                                   const RowPatch& patch, std::optional<Seq> if_last_seq,
                                   const std::vector<EncodedEvent>& events, UnixMillis now);

}  // namespace ottobot::stores
