#include "stores/sqlite/session_rows.hpp"

#include <algorithm>
#include <limits>

#include "stores/append_rules.hpp"
#include "stores/sqlite/turn_counts.hpp"

namespace ottobot::stores {
namespace {

// The order of columns that row_of() reads.
#define OTTOBOT_ROW_COLUMNS                                                                                       \
  "SELECT s.id, s.user, s.created_at, s.timeout_s, s.initial_prompt, s.environment, s.model, s.image, p.status, " \
  "p.phase, p.expires_at, p.purge_at, p.input_tokens, p.output_tokens, p.cached_tokens, p.cost_usd, p.error, "    \
  "p.host_id, p.worker_id, p.vnc_port, p.mcp_port, p.archive_blob, p.snapshot_blob, p.snapshot_due, "             \
  "p.restoring, p.last_seq, p.pending, t.turns, t.steps, t.duration_ms, t.input_tokens, t.output_tokens, "        \
  "t.cached_tokens, t.cost_usd "                                                                                  \
  "FROM sessions s JOIN projections p USING (sid) LEFT JOIN session_turns t USING (sid) "

SessionRow row_of(const Query& query) {
  int column = 0;
  const auto text = [&] { return query.text(column++); };
  const auto integer = [&] { return query.integer(column++); };
  SessionRow row;
  row.id = text();
  row.user = text();
  row.created_at = integer();
  row.timeout_s = integer();
  row.initial_prompt = text();
  row.environment = text();
  row.model = text();
  row.image = text();
  row.status = parse_session_status(text()).value_or(SessionStatus::error);
  row.phase = text();
  row.expires_at = integer();
  row.purge_at = integer();
  row.usage.input_tokens = integer();
  row.usage.output_tokens = integer();
  row.usage.cached_tokens = integer();
  row.usage.cost_usd = query.real(column++);
  row.error = text();
  row.host_id = text();
  row.worker_id = text();
  row.vnc_port = static_cast<int>(integer());
  row.mcp_port = static_cast<int>(integer());
  row.archive_blob = text();
  row.snapshot_blob = text();
  row.snapshot_due = integer() != 0;
  row.restoring = integer() != 0;
  row.last_seq = integer();
  row.pending = integer() != 0;
  row.turns = read_turns(query, column);
  return row;
}

std::int64_t sql_count(std::size_t count) {
  return static_cast<std::int64_t>(std::min<std::size_t>(count, std::numeric_limits<std::int64_t>::max()));
}

// Totals are kept, because counting rows would be O(sessions).
constexpr const char* kAllUsers = "all";
std::string user_scope(const std::string& user) { return "user:" + user; }

void count_session(Connection& connection, const std::string& user, int change) {
  for (const std::string& scope : {std::string(kAllUsers), user_scope(user)}) {
    connection.query("INSERT INTO totals VALUES (?1, ?2) ON CONFLICT (scope) DO UPDATE SET sessions = sessions + ?2")
        .bind(scope, change)
        .run();
  }
}

std::vector<std::string> texts(Query& query) {
  std::vector<std::string> values;
  while (query.next()) values.push_back(query.text(0));
  return values;
}

template <class Value>
void patch_column(Connection& connection, const char* sql, std::int64_t sid, const std::optional<Value>& value) {
  if (value) connection.query(sql).bind(sid, *value).run();
}

}  // namespace

Result<SessionHead> load_head(Connection& connection, const std::string& session_id) {
  auto query = connection.query(
      "SELECT s.sid, p.last_seq, p.last_timestamp, p.epoch, p.expires_at, p.purge_at "
      "FROM sessions s JOIN projections p USING (sid) WHERE s.id = ?1");
  if (!query.bind(session_id).next()) return no_session(session_id);
  return SessionHead{query.integer(0), query.integer(1), query.integer(2), static_cast<std::uint64_t>(query.integer(3)),
                     query.integer(4), query.integer(5)};
}

Result<SessionRow> load_row(Connection& connection, const std::string& session_id) {
  auto query = connection.query(OTTOBOT_ROW_COLUMNS "WHERE s.id = ?1");
  if (!query.bind(session_id).next()) return no_session(session_id);
  return row_of(query);
}

std::int64_t insert_session(Connection& connection, const SessionRow& row, UnixMillis timestamp) {
  connection
      .query(
          "INSERT INTO sessions (id, user, created_at, timeout_s, environment, model, image, initial_prompt) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
      .bind(row.id, row.user, row.created_at, row.timeout_s, row.environment, row.model, row.image, row.initial_prompt)
      .run();
  const std::int64_t sid = connection.last_rowid();
  connection
      .query(
          "INSERT INTO projections (sid, last_seq, last_timestamp, pending, expires_at, purge_at, due_at, status, "
          "phase, input_tokens, output_tokens, cached_tokens, cost_usd, error, host_id, vnc_port, mcp_port, "
          "archive_blob, snapshot_blob, snapshot_due, restoring, worker_id) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)")
      .bind(sid, row.last_seq, timestamp, row.pending, row.expires_at, row.purge_at,
            due_at(row.expires_at, row.purge_at), to_string(row.status), row.phase, row.usage.input_tokens,
            row.usage.output_tokens, row.usage.cached_tokens, row.usage.cost_usd, row.error, row.host_id, row.vnc_port,
            row.mcp_port, row.archive_blob, row.snapshot_blob, row.snapshot_due, row.restoring,
            row.worker_id)
      .run();
  count_session(connection, row.user, 1);
  return sid;
}

void delete_session(Connection& connection, std::int64_t sid) {
  std::string user;
  {
    auto query = connection.query("SELECT user FROM sessions WHERE sid = ?1");
    if (!query.bind(sid).next()) return;
    user = query.text(0);
  }
  connection.query("DELETE FROM sessions WHERE sid = ?1").bind(sid).run();
  count_session(connection, user, -1);
  connection.query("DELETE FROM totals WHERE scope = ?1 AND sessions = 0").bind(user_scope(user)).run();
}

// One statement per group of columns: an UPDATE also rewrites the index entries of every column that it names, and most
// appends set none of those.
void update_projection(Connection& connection, const SessionHead& head, Seq last_seq, UnixMillis timestamp,
                       const RowPatch& patch) {
  if (!patch.usage) {
    connection.query("UPDATE projections SET last_seq = ?2, last_timestamp = ?3 WHERE sid = ?1")
        .bind(head.sid, last_seq, timestamp)
        .run();
  }
  if (patch.expires_at || patch.purge_at) {
    const UnixMillis expires_at = patch.expires_at.value_or(head.expires_at);
    const UnixMillis purge_at = patch.purge_at.value_or(head.purge_at);
    connection.query("UPDATE projections SET expires_at = ?2, purge_at = ?3, due_at = ?4 WHERE sid = ?1")
        .bind(head.sid, expires_at, purge_at, due_at(expires_at, purge_at))
        .run();
  }
  if (const auto& usage = patch.usage) {
    connection
        .query(
            "UPDATE projections SET last_seq = ?2, last_timestamp = ?3, input_tokens = ?4, output_tokens = ?5, "
            "cached_tokens = ?6, cost_usd = ?7 WHERE sid = ?1")
        .bind(head.sid, last_seq, timestamp, usage->input_tokens, usage->output_tokens, usage->cached_tokens,
              usage->cost_usd)
        .run();
  }
  if (patch.status) {
    connection.query("UPDATE projections SET status = ?2 WHERE sid = ?1")
        .bind(head.sid, to_string(*patch.status))
        .run();
  }
  patch_column(connection, "UPDATE projections SET pending = ?2 WHERE sid = ?1", head.sid, patch.pending);
  patch_column(connection, "UPDATE projections SET phase = ?2 WHERE sid = ?1", head.sid, patch.phase);
  patch_column(connection, "UPDATE projections SET error = ?2 WHERE sid = ?1", head.sid, patch.error);
  patch_column(connection, "UPDATE projections SET host_id = ?2 WHERE sid = ?1", head.sid, patch.host_id);
  patch_column(connection, "UPDATE projections SET worker_id = ?2 WHERE sid = ?1", head.sid, patch.worker_id);
  patch_column(connection, "UPDATE projections SET archive_blob = ?2 WHERE sid = ?1", head.sid, patch.archive_blob);
  patch_column(connection, "UPDATE projections SET snapshot_blob = ?2 WHERE sid = ?1", head.sid, patch.snapshot_blob);
  patch_column(connection, "UPDATE projections SET snapshot_due = ?2 WHERE sid = ?1", head.sid, patch.snapshot_due);
  patch_column(connection, "UPDATE projections SET restoring = ?2 WHERE sid = ?1", head.sid, patch.restoring);
  patch_column(connection, "UPDATE projections SET vnc_port = ?2 WHERE sid = ?1", head.sid, patch.vnc_port);
  patch_column(connection, "UPDATE projections SET mcp_port = ?2 WHERE sid = ?1", head.sid, patch.mcp_port);
}

bool row_names_blob(Connection& connection, std::int64_t sid, const std::string& blob_id) {
  auto query = connection.query("SELECT 1 FROM projections WHERE sid = ?1 AND ?2 IN (archive_blob, snapshot_blob)");
  return query.bind(sid, blob_id).next();
}

void set_epoch(Connection& connection, std::int64_t sid, std::uint64_t epoch) {
  connection.query("UPDATE projections SET epoch = ?2 WHERE sid = ?1").bind(sid, epoch).run();
}

SessionPage list_page(Connection& connection, const ListSessionsParams& params) {
  SessionPage page;
  {
    const std::string scope = params.user ? user_scope(*params.user) : kAllUsers;
    auto total = connection.query("SELECT sessions FROM totals WHERE scope = ?1");
    if (total.bind(scope).next()) page.total = static_cast<std::size_t>(total.integer(0));
  }
  // The inner SELECT skips within an index alone; the rows of the page only are looked up.
  auto query = params.user ? connection.query(OTTOBOT_ROW_COLUMNS
                                              "WHERE s.sid IN (SELECT sid FROM sessions WHERE user = ?3 ORDER BY "
                                              "created_at DESC, sid DESC LIMIT ?1 OFFSET ?2) "
                                              "ORDER BY s.created_at DESC, s.sid DESC")
                           : connection.query(OTTOBOT_ROW_COLUMNS
                                              "WHERE s.sid IN (SELECT sid FROM sessions ORDER BY created_at DESC, "
                                              "sid DESC LIMIT ?1 OFFSET ?2) "
                                              "ORDER BY s.created_at DESC, s.sid DESC");
  if (params.user) {
    query.bind(sql_count(params.limit), sql_count(params.offset), *params.user);
  } else {
    query.bind(sql_count(params.limit), sql_count(params.offset));
  }
  while (query.next()) page.sessions.push_back(row_of(query));
  return page;
}

std::vector<std::string> due_sessions(Connection& connection, UnixMillis now, std::size_t limit) {
  auto query = connection.query(
      "SELECT s.id FROM projections p JOIN sessions s USING (sid) "
      "WHERE p.due_at IS NOT NULL AND p.due_at <= ?1 ORDER BY p.due_at LIMIT ?2");
  query.bind(now, sql_count(limit));
  return texts(query);
}

std::vector<std::string> pending_sessions(Connection& connection, std::size_t limit,
                                          const std::function<bool(const std::string&)>& wanted) {
  auto query =
      connection.query("SELECT s.id FROM projections p JOIN sessions s USING (sid) WHERE p.pending = 1 ORDER BY p.sid");
  std::vector<std::string> ids;
  while (ids.size() < limit && query.next()) {
    if (std::string id = query.text(0); wanted(id)) ids.push_back(std::move(id));
  }
  return ids;
}

}  // namespace ottobot::stores
