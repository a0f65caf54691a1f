#include "stores/sqlite/event_log.hpp"

#include <algorithm>
#include <limits>

namespace ottobot::stores {
namespace {

constexpr int kSeqBits = 32;
constexpr Seq kMaxSeq = (Seq{1} << kSeqBits) - 1;

std::int64_t key_of(std::int64_t sid, Seq seq) { return sid << kSeqBits | seq; }
Seq seq_of(std::int64_t key) { return key & kMaxSeq; }

}  // namespace

std::size_t insert_events(Connection& connection, std::int64_t sid, Seq last_seq, UnixMillis timestamp,
                          const std::vector<EncodedEvent>& events) {
  std::size_t count = 0;
  for (const auto& encoded : events) {
    const std::string_view type = to_string(encoded.event->type);
    const int inserted =
        connection.query("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (sid, id) DO NOTHING")
            .bind(key_of(sid, ++last_seq), sid, encoded.event->id, type, timestamp, encoded.data, encoded.internal)
            .run();
    if (inserted == 0) break;
    ++count;
  }
  return count;
}

std::vector<StoredEvent> read_events(Connection& connection, std::int64_t sid, const ReadParams& params) {
  auto query = connection.query(
      "SELECT key, timestamp, id, type, data, internal FROM events WHERE key > ?1 AND key <= ?2 ORDER BY key LIMIT ?3");
  const auto limit = std::min<std::size_t>(params.limit, std::numeric_limits<std::int32_t>::max());
  query.bind(key_of(sid, std::clamp<Seq>(params.after, 0, kMaxSeq)), key_of(sid, kMaxSeq), limit);
  std::vector<StoredEvent> events;
  std::size_t bytes = 0;
  while (bytes <= params.max_bytes && query.next()) {
    StoredEvent event{seq_of(query.integer(0)), query.integer(1), query.text(2), query.text(3), query.text(4), {}};
    if (!query.is_null(5)) event.internal = query.text(5);
    bytes += event.data.size() + (event.internal ? event.internal->size() : 0);
    events.push_back(std::move(event));
  }
  return events;
}

Seq find_event(Connection& connection, std::int64_t sid, const std::string& event_id) {
  auto query = connection.query("SELECT key FROM events WHERE sid = ?1 AND id = ?2");
  return query.bind(sid, event_id).next() ? seq_of(query.integer(0)) : 0;
}

UnixMillis timestamp_of(Connection& connection, std::int64_t sid, Seq seq) {
  auto query = connection.query("SELECT timestamp FROM events WHERE key = ?1");
  return query.bind(key_of(sid, seq)).next() ? query.integer(0) : 0;
}

bool event_names_blob(Connection& connection, std::int64_t sid, Seq after, const std::string& blob_id) {
  return connection.query("SELECT 1 FROM events WHERE key > ?1 AND key <= ?2 AND instr(internal, ?3) > 0 LIMIT 1")
      .bind(key_of(sid, after), key_of(sid, kMaxSeq), blob_id)
      .next();
}

int delete_some_events(Connection& connection, std::int64_t sid, int limit) {
  return connection
      .query("DELETE FROM events WHERE key IN (SELECT key FROM events WHERE key > ?1 AND key <= ?2 LIMIT ?3)")
      .bind(key_of(sid, 0), key_of(sid, kMaxSeq), limit)
      .run();
}

}  // namespace ottobot::stores
