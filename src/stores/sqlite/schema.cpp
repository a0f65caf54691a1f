#include "stores/sqlite/schema.hpp"

#include <array>

#include "ottobot/ids.hpp"

namespace ottobot::stores {
namespace {

constexpr std::int64_t kApplicationId = 0x4f74746f;  // "Otto"

// Migration n takes a database from user_version n to n + 1. They are history: only ever add one.
constexpr std::array kMigrations = {
    // The rows that every append rewrites (projections) are apart from the long text that none does (sessions).
    // events.key is sid << 32 | seq: the log of a session is one run of the primary B-tree, so an append goes to its
    // end. Events have no foreign key: purging removes them in steps after their session (purges holds what is left).
    R"sql(
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE sessions (
  sid INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  user TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  timeout_s INTEGER NOT NULL,
  environment TEXT NOT NULL,
  model TEXT NOT NULL,
  image TEXT NOT NULL,
  initial_prompt TEXT NOT NULL
);
CREATE INDEX sessions_by_age ON sessions (created_at);
CREATE INDEX sessions_by_user ON sessions (user, created_at);

CREATE TABLE projections (
  sid INTEGER PRIMARY KEY REFERENCES sessions (sid) ON DELETE CASCADE,
  last_seq INTEGER NOT NULL DEFAULT 0,
  last_timestamp INTEGER NOT NULL DEFAULT 0,
  epoch INTEGER NOT NULL DEFAULT 0,
  pending INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  purge_at INTEGER NOT NULL,
  due_at INTEGER,
  status TEXT NOT NULL,
  phase TEXT NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  error TEXT NOT NULL,
  host_id TEXT NOT NULL,
  vnc_port INTEGER NOT NULL,
  mcp_port INTEGER NOT NULL,
  archive_blob TEXT NOT NULL
);
CREATE INDEX projections_pending ON projections (pending) WHERE pending = 1;
CREATE INDEX projections_due ON projections (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE events (
  key INTEGER PRIMARY KEY,
  sid INTEGER NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  timestamp INTEGER NOT NULL,
  data TEXT NOT NULL,
  internal TEXT
);
CREATE UNIQUE INDEX events_by_id ON events (sid, id);

CREATE TABLE checkpoints (
  sid INTEGER PRIMARY KEY REFERENCES sessions (sid) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  state TEXT NOT NULL
);

CREATE TABLE idempotency_keys (
  user TEXT NOT NULL,
  key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  sid INTEGER NOT NULL REFERENCES sessions (sid) ON DELETE CASCADE,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (user, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_session ON idempotency_keys (sid);
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);

CREATE TABLE totals (scope TEXT PRIMARY KEY, sessions INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE port_leases (
  host_id TEXT NOT NULL,
  pool TEXT NOT NULL,
  port INTEGER NOT NULL,
  session_id TEXT NOT NULL,
  PRIMARY KEY (host_id, pool, port)
) WITHOUT ROWID;
CREATE INDEX port_leases_by_session ON port_leases (session_id);

CREATE TABLE purges (sid INTEGER PRIMARY KEY);
)sql",
    // Finished turns, added up as they end. Ended sessions are most of all: those that live are counted by an index
    // that holds no others.
    R"sql(
CREATE TABLE session_turns (
  sid INTEGER PRIMARY KEY REFERENCES sessions (sid) ON DELETE CASCADE,
  turns INTEGER NOT NULL,
  steps INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL
);

CREATE TABLE all_turns (
  outcome TEXT PRIMARY KEY,
  turns INTEGER NOT NULL,
  steps INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL
) WITHOUT ROWID;

CREATE INDEX projections_live ON projections (status) WHERE status != 'terminated';
)sql",
    R"sql(
ALTER TABLE projections ADD COLUMN snapshot_blob TEXT NOT NULL DEFAULT '';
ALTER TABLE projections ADD COLUMN snapshot_due INTEGER NOT NULL DEFAULT 0;
ALTER TABLE projections ADD COLUMN restoring INTEGER NOT NULL DEFAULT 0;
)sql",
    "ALTER TABLE projections ADD COLUMN worker_id TEXT NOT NULL DEFAULT '';",
};
constexpr auto kVersion = static_cast<std::int64_t>(kMigrations.size());

Result<void> check_origin(Connection& connection) {
  const auto application = connection.pragma("application_id");
  const auto version = connection.pragma("user_version");
  const bool empty = !connection.query("SELECT 1 FROM sqlite_master LIMIT 1").next();
  if (application != kApplicationId && !(empty && application == 0 && version == 0)) {
    return data_loss("the data directory holds a database that is not OttoBot's", "use another data directory");
  }
  if (version > kVersion) {
    return unsupported("the database has schema version " + std::to_string(version) + ", this program knows " +
                           std::to_string(kVersion),
                       "upgrade OttoBot, or restore a backup of the version before");
  }
  return {};
}

void migrate(Connection& connection) {
  for (auto version = connection.pragma("user_version"); version < kVersion; ++version) {
    connection.execute("BEGIN IMMEDIATE");
    connection.execute(kMigrations[static_cast<std::size_t>(version)]);
    if (version == 0) {
      connection.execute("PRAGMA application_id = " + std::to_string(kApplicationId));
      connection.query("INSERT INTO meta VALUES ('store_id', ?1)").bind(new_id()).run();
    }
    connection.execute("PRAGMA user_version = " + std::to_string(version + 1));
    connection.execute("COMMIT");
  }
}

}  // namespace

Result<void> prepare_database(Connection& connection, std::uint64_t max_bytes) {
  if (auto ours = check_origin(connection); !ours) return ours;
  // NORMAL keeps the database whole; that a commit is on the disk is seen to by Writer, where it is wanted.
  connection.execute(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;"
      "PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864");
  migrate(connection);
  if (max_bytes != 0) {
    const auto pages = max_bytes / static_cast<std::uint64_t>(connection.pragma("page_size"));
    connection.execute("PRAGMA max_page_count = " + std::to_string(std::max<std::uint64_t>(pages, 1)));
  }
  return {};
}

}  // namespace ottobot::stores
