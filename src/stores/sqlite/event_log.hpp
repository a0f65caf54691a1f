// The events table. May throw as Connection does.
#pragma once

#include "ottobot/session_store.hpp"
#include "stores/sqlite/connection.hpp"

namespace ottobot::stores {

// What we wrote ourselves may nest a little deeper than what parse_json lets in from outside.
inline constexpr int kMaxStoredDepth = 1000;

// An event as it is stored; made before the write transaction begins.
struct EncodedEvent {
  const NewEvent* event = nullptr;  // borrowed
  std::string data;
  std::optional<std::string> internal;
};
std::vector<EncodedEvent> encode_events(const std::vector<NewEvent>& events);

// As read from the table; parsed after the connection is given back.
struct StoredEvent {
  Seq seq = 0;
  UnixMillis timestamp = 0;
  std::string id, type, data;
  std::optional<std::string> internal;
};
// Errors: data_loss.
Result<Event> decode_event(const StoredEvent& stored);

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
