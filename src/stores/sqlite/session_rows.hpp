// The tables sessions and projections and what hangs on them: creation, patches, lists. May throw as Connection does.
#pragma once

#include <functional>

#include "ottobot/session_store.hpp"
#include "stores/sqlite/connection.hpp"

namespace ottobot::stores {

// What an append needs to know about its session.
struct SessionHead {
  std::int64_t sid = 0;
  Seq last_seq = 0;
  UnixMillis last_timestamp = 0;
  std::uint64_t epoch = 0;
  UnixMillis expires_at = 0, purge_at = 0;
};
// Errors, these two: not_found.
Result<SessionHead> load_head(Connection& connection, const std::string& session_id);
Result<SessionRow> load_row(Connection& connection, const std::string& session_id);

// Writes both rows and counts the session; its sid.
std::int64_t insert_session(Connection& connection, const SessionRow& row, UnixMillis timestamp);
void delete_session(Connection& connection, std::int64_t sid);
// After an append: where the log ends now, and the fields of the patch.
void update_projection(Connection& connection, const SessionHead& head, Seq last_seq, UnixMillis timestamp,
                       const RowPatch& patch);
bool row_names_blob(Connection& connection, std::int64_t sid, const std::string& blob_id);
void set_epoch(Connection& connection, std::int64_t sid, std::uint64_t epoch);

SessionPage list_page(Connection& connection, const ListSessionsParams& params);
std::vector<std::string> due_sessions(Connection& connection, UnixMillis now, std::size_t limit);
// Pending sessions, oldest first, that `wanted` accepts, up to `limit`.
std::vector<std::string> pending_sessions(Connection& connection, std::size_t limit,
                                          const std::function<bool(const std::string&)>& wanted);

}  // namespace ottobot::stores
