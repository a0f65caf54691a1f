#include "stores/append_rules.hpp"

#include <algorithm>
#include <unordered_set>

namespace ottobot::stores {
namespace {

constexpr std::size_t kMaxSessionIdChars = 64;

bool is_id_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool is_inbox_type(EventType type) {
  switch (type) {
    case EventType::user_prompt:
    case EventType::stop_requested:
    case EventType::approval_answered:
    case EventType::delete_requested:
    case EventType::log:
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<void> check_session_id(const std::string& id) {
  if (id.empty() || id.size() > kMaxSessionIdChars || !std::all_of(id.begin(), id.end(), is_id_char)) {
    return invalid_field("session_id", "must be 1 to 64 characters of A-Z, a-z, 0-9, _ and -");
  }
  return {};
}

Result<void> check_event_ids(const std::vector<NewEvent>& events) {
  std::unordered_set<std::string_view> seen;
  for (const auto& event : events) {
    if (event.id.empty()) return invalid_argument("an event without id cannot be appended", "use new_event_id()");
    if (events.size() > 1 && !seen.insert(event.id).second) {
      return invalid_argument("event id " + event.id + " occurs twice in one append");
    }
  }
  return {};
}

Result<void> check_inbox_events(const std::vector<NewEvent>& events) {
  for (const auto& event : events) {
    if (is_inbox_type(event.type)) continue;
    return invalid_argument("only the owner may append " + std::string(to_string(event.type)), "use append_owner");
  }
  return check_event_ids(events);
}

Result<std::vector<Seq>> find_replay(const std::vector<NewEvent>& events, const FindSeq& find_seq) {
  std::vector<Seq> known;
  for (const auto& event : events) {
    if (const Seq seq = find_seq(event.id); seq != 0) known.push_back(seq);
  }
  if (!known.empty() && known.size() != events.size()) {
    return known_in_part();
  }
  return known;
}

std::optional<UnixMillis> due_at(UnixMillis expires_at, UnixMillis purge_at) {
  if (purge_at != 0) return purge_at;
  if (expires_at != 0) return expires_at;
  return std::nullopt;
}

Failure no_session(const std::string& session_id) { return not_found("no session " + session_id); }

Failure stale_epoch(const std::string& session_id, std::uint64_t epoch) {
  return fenced("epoch " + std::to_string(epoch) + " no longer owns session " + session_id);
}

Failure known_in_part() {
  return conflict("some events of the append are in the log already and some are not", "repeat an append as it was");
}

Failure log_moved(const std::string& session_id, Seq expected, Seq last_seq) {
  return conflict("the log of session " + session_id + " ends at " + std::to_string(last_seq) + ", not at " +
                  std::to_string(expected));
}

Failure lease_held(const std::string& session_id, const std::string& owner) {
  return conflict("session " + session_id + " is owned by " + owner);
}

Failure key_reused(const std::string& idempotency_key) {
  return conflict("idempotency key " + idempotency_key + " was used for another request", "use a new key");
}

Failure no_blob(const std::string& session_id, const std::string& blob_id) {
  return not_found("session " + session_id + " has no blob " + blob_id);
}

Failure blob_in_use(const std::string& session_id, const std::string& blob_id) {
  return conflict("session " + session_id + " still names blob " + blob_id,
                  "remove it after what names it is replaced");
}

Failure session_exists(const std::string& session_id) { return already_exists("session " + session_id + " exists"); }

}  // namespace ottobot::stores
