#include "stores/sqlite/connection.hpp"

#include <sqlite3.h>

#include "stores/sqlite/joined_log.hpp"

namespace ottobot::stores {
namespace {

// Nobody else writes to a locked data directory; this is for a backup tool that reads it.
constexpr int kBusyTimeoutMs = 5000;

int open_flags(Connection::Mode mode) {
  const int access =
      mode == Connection::Mode::read_only ? SQLite::OPEN_READONLY : SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE;
  return access | SQLite::OPEN_NOMUTEX;
}

// The default one for readers: they do not write to the log.
std::string vfs_of(Connection::Mode mode) {
  const char* name = mode == Connection::Mode::read_write ? joined_log_vfs() : nullptr;
  return name ? name : "";
}

Failure failure_of(const SQLite::Exception& exception) {
  const std::string message = std::string("database: ") + exception.what();
  switch (exception.getErrorCode()) {
    case SQLITE_FULL:
      return resource_exhausted(message, "free some space on the disk of the data directory, or raise the limit");
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return resource_exhausted(message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return data_loss(message, "restore the data directory from a backup, or use another one");
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return permission_denied(message, "the data directory must be readable and writable");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
      return unavailable(message, "check the disk of the data directory");
    case SQLITE_CONSTRAINT:
      return conflict(message);
    default:
      return internal_error(message);
  }
}

}  // namespace

Connection::Connection(const std::filesystem::path& file, Mode mode)
    : database_(file.string(), open_flags(mode), kBusyTimeoutMs, vfs_of(mode)) {}

Query Connection::query(const char* sql) {
  auto& statement = statements_[sql];
  if (!statement) statement = std::make_unique<SQLite::Statement>(database_, sql);
  return Query(*statement);
}

std::int64_t Connection::pragma(const char* name) {
  return database_.execAndGet(std::string("PRAGMA ") + name).getInt64();
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(database_.getHandle()) == 0; }

void Connection::sync_log() {
  sqlite3_file* log = nullptr;
  int code = sqlite3_file_control(database_.getHandle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  // No methods: no transaction has opened the log yet.
  if (code == SQLITE_OK && log && log->pMethods) code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
  if (code != SQLITE_OK) throw SQLite::Exception("cannot sync the write-ahead log", code);
}

Error current_database_error() {
  try {
    throw;
  } catch (const SQLite::Exception& exception) {
    return failure_of(exception).value();
  } catch (const std::exception& exception) {
    return internal_error(exception.what()).value();
  }
}

}  // namespace ottobot::stores
