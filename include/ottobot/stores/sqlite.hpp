// The embedded SessionStore: one SQLite database (WAL) and a folder of blobs in a data directory.
//
// An acknowledged append survives kill -9 of the process; what of it survives loss of power, SqliteSync says. One
// process at a time: the directory is locked, and one that was just killed is waited for, two seconds at most. Opening
// it makes all leases of the process before void, as the lock proves that nobody holds one; epochs go on rising. Port
// leases survive. Concurrent appends share a commit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "ottobot/clock.hpp"
#include "ottobot/session_store.hpp"

namespace ottobot {

// What has reached the disk, as far as that keeps its word, when an append is acknowledged.
enum class SqliteSync {
  // All of it.
  full,
  // All but the steps inside a turn (model_call_started, agent_thinking, agent_message, tool_result, and the intents of
  // tools that only read), which follow within a second. After a loss of power the last of them may be missing: the
  // turn then goes on from before, and no call that may have changed something is made a second time.
  normal,
};

struct SqliteStoreOptions {
  std::filesystem::path data_dir;        // created with mode 0700 when it is missing
  Clock& clock = system_clock();         // borrowed for the life of the store
  std::uint64_t max_database_bytes = 0;  // of rows and events, without blobs; 0 = as much as the disk holds
  SqliteSync sync = SqliteSync::normal;
  // Free space on the disk that is kept for what has begun: with less, new sessions and prompts are refused
  // (resource_exhausted), while turns go on to their end and stops and deletes are taken. 0 = none.
  std::uint64_t reserved_disk_bytes = 32ull << 20;
};

// Errors: conflict (another process uses the directory; the message names it), data_loss (damaged, or not a database of
// ours), unsupported (written by a newer version), permission_denied, resource_exhausted, unavailable.
// Blob readers, writers and subscriptions must be destroyed before the store, except that a Subscription may be late.
Result<std::unique_ptr<SessionStore>> make_sqlite_store(const SqliteStoreOptions& options);

}  // namespace ottobot
