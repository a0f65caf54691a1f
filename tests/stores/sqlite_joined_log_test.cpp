// The log that is written in runs is one that SQLite's own VFS reads, whatever was written before the commit.
#include "stores/sqlite/joined_log.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "stores/temp_dir.hpp"

namespace ottobot::testing {
namespace {

namespace fs = std::filesystem;

using Rows = std::map<std::int64_t, std::string>;

class SqliteJoinedLogTest : public ::testing::TestWithParam<int> {
 protected:
  SqliteJoinedLogTest()
      : database_((dir_.path() / "a.db").string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 0,
                  stores::joined_log_vfs()) {
    database_.exec("PRAGMA page_size = " + std::to_string(GetParam()));
    // A cache of a few pages: most of a transaction goes to the log before its end, and is read back from there.
    database_.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = 4;");
    database_.exec("PRAGMA wal_autocheckpoint = 300; CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT NOT NULL)");
  }

  std::int64_t pick(std::int64_t below) { return std::uniform_int_distribution<std::int64_t>(0, below - 1)(random_); }

  void change(Rows& rows) {
    const std::int64_t id = pick(200);
    if (pick(5) == 0) {
      SQLite::Statement(database_, "DELETE FROM t WHERE id = " + std::to_string(id)).exec();
      rows.erase(id);
      return;
    }
    rows[id] = std::string(static_cast<std::size_t>(pick(10) == 0 ? pick(200000) : pick(3000)),
                           static_cast<char>('a' + pick(26)));
    SQLite::Statement put(database_, "INSERT OR REPLACE INTO t VALUES (?1, ?2)");
    put.bind(1, id);
    put.bind(2, rows[id]);
    put.exec();
  }

  // A few changes, some of them taken back, and then all of them or none.
  void run_transaction() {
    Rows rows = rows_;
    database_.exec("BEGIN IMMEDIATE");
    for (std::int64_t n = pick(30); n >= 0; --n) change(rows);
    const Rows kept = rows;
    database_.exec("SAVEPOINT s");
    for (std::int64_t n = pick(20); n >= 0; --n) change(rows);
    if (pick(2) == 0) {
      database_.exec("ROLLBACK TO s");
      rows = kept;
    }
    database_.exec("RELEASE s");
    for (std::int64_t n = pick(3); n > 0; --n) change(rows);
    const bool commit = pick(4) != 0;
    database_.exec(commit ? "COMMIT" : "ROLLBACK");
    if (commit) rows_ = rows;
  }

  static Rows read_all(SQLite::Database& database) {
    Rows rows;
    SQLite::Statement query(database, "SELECT id, text FROM t");
    while (query.executeStep()) rows[query.getColumn(0).getInt64()] = query.getColumn(1).getString();
    return rows;
  }

  // What is there after the death of this process: the files as they are now, recovered by SQLite's own VFS.
  void expect_recoverable() {
    const fs::path copy = dir_.path() / "copy";
    fs::create_directories(copy);
    for (const char* name : {"a.db", "a.db-wal"}) {
      fs::copy_file(dir_.path() / name, copy / name, fs::copy_options::overwrite_existing);
    }
    {
      SQLite::Database recovered((copy / "a.db").string(), SQLite::OPEN_READWRITE);
      EXPECT_EQ(recovered.execAndGet("PRAGMA integrity_check").getString(), "ok");
      EXPECT_TRUE(read_all(recovered) == rows_);
    }
    fs::remove_all(copy);
  }

  TempDir dir_;
  SQLite::Database database_;
  std::mt19937 random_{20};
  Rows rows_;
};

TEST_P(SqliteJoinedLogTest, EveryCommittedTransactionIsInTheFiles) {
  for (int n = 0; n < 60; ++n) {
    run_transaction();
    expect_recoverable();
  }
}

TEST_P(SqliteJoinedLogTest, OtherConnectionsSeeWhatIsCommittedAndNothingElse) {
  SQLite::Database reader((dir_.path() / "a.db").string(), SQLite::OPEN_READONLY);
  for (int n = 0; n < 100; ++n) {
    run_transaction();
    EXPECT_TRUE(read_all(reader) == rows_);
    database_.exec("BEGIN IMMEDIATE; DELETE FROM t");
    EXPECT_TRUE(read_all(reader) == rows_);
    database_.exec("ROLLBACK");
  }
}

INSTANTIATE_TEST_SUITE_P(PageSizes, SqliteJoinedLogTest, ::testing::Values(512, 4096, 65536));

}  // namespace
}  // namespace ottobot::testing
