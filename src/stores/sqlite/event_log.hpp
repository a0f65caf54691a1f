// The events table. May throw as Connection does.
#pragma once

#include "ottobot/session_store.hpp"
#include "stores/sqlite/connection.hpp"
#include "stores/stored_event.hpp"

namespace ottobot::stores {

// Writes `events` with the seqs after `last_seq`, up to one whose id is in the log already; how many there were.
std::size_t insert_events(Connection& connection, std::int64_t sid, Seq last_seq, UnixMillis timestamp,
                          const std::vector<EncodedEvent>& events);
std::vector<StoredEvent> read_events(Connection& connection, std::int64_t sid, const ReadParams& params);
// 0 when the id is not in the log.
Seq find_event(Connection& connection, std::int64_t sid, const std::string& event_id);
UnixMillis timestamp_of(Connection& connection, std::int64_t sid, Seq seq);
// Whether `internal` of an event with seq > after names it.
bool event_names_blob(Connection& connection, std::int64_t sid, Seq after, const std::string& blob_id);
// Removes up to `limit` events; how many there were.
int delete_some_events(Connection& connection, std::int64_t sid, int limit);

}  // namespace ottobot::stores
