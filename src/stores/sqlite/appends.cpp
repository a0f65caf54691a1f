#include "stores/sqlite/appends.hpp"

#include <algorithm>

#include "stores/append_rules.hpp"
#include "stores/sqlite/turn_counts.hpp"

namespace ottobot::stores {
namespace {

// The append as it was the first time; without seqs when it is new. Errors: conflict (known in part).
Result<AppendResult> find_replayed(Connection& connection, const SessionHead& head, const AppendParams& params) {
  const auto known =
      find_replay(params.events, [&](const std::string& id) { return find_event(connection, head.sid, id); });
  if (!known) return fail(known.error());
  if (known->empty()) return AppendResult{};
  return AppendResult{*known, head.last_seq, timestamp_of(connection, head.sid, known->front()), true};
}

}  // namespace

Result<AppendResult> append_events(Connection& connection, const SessionHead& head, const AppendParams& params,
                                   const RowPatch& patch, std::optional<Seq> if_last_seq,
                                   const std::vector<EncodedEvent>& events, UnixMillis now) {
  if (if_last_seq && *if_last_seq != head.last_seq) {
    auto known = find_replayed(connection, head, params);
    if (!known || !known->seqs.empty()) return known;
    return log_moved(params.session_id, *if_last_seq, head.last_seq);
  }
  AppendResult appended{{}, head.last_seq, std::max(head.last_timestamp, now), false};
  for (std::size_t n = 0; n < events.size(); ++n) appended.seqs.push_back(++appended.last_seq);
  // Replays are rare: that an id is known shows when it is written.
  const std::size_t written = insert_events(connection, head.sid, head.last_seq, appended.timestamp, events);
  if (written == 0 && !events.empty()) return find_replayed(connection, head, params);
  if (written < events.size()) return known_in_part();
  count_turns(connection, head.sid, params.events);
  update_projection(connection, head, appended.last_seq, appended.timestamp, patch);
  return appended;
}

}  // namespace ottobot::stores
