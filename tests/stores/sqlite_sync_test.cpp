// What waits for the disk, seen from below: a SQLite VFS that counts the syncs of the write-ahead log.
#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <thread>

#include <gtest/gtest.h>

#include "ottobot/stores/sqlite.hpp"
#include "ottobot/testing/results.hpp"
#include "stores/temp_dir.hpp"

namespace ottobot::testing {
namespace {

std::atomic<int> log_syncs = 0;

// The default VFS, but for xSync of files opened as write-ahead log.
class CountingVfs {
 public:
  CountingVfs() {
    base() = sqlite3_vfs_find(nullptr);
    vfs_ = *base();
    vfs_.zName = "counting";
    vfs_.xOpen = [](sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
      const int code = base()->xOpen(base(), name, file, flags, out_flags);
      if (code == SQLITE_OK && (flags & SQLITE_OPEN_WAL)) count_syncs(file);
      return code;
    };
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~CountingVfs() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(base(), 1);
  }

 private:
  static sqlite3_vfs*& base() {
    static sqlite3_vfs* vfs = nullptr;
    return vfs;
  }
  static void count_syncs(sqlite3_file* file) {
    static const sqlite3_io_methods* original = file->pMethods;
    static const sqlite3_io_methods counting = [] {
      sqlite3_io_methods methods = *original;
      methods.xSync = [](sqlite3_file* synced, int flags) {
        ++log_syncs;
        return original->xSync(synced, flags);
      };
      return methods;
    }();
    file->pMethods = &counting;
  }

  sqlite3_vfs vfs_{};
};

class SqliteSyncTest : public ::testing::Test {
 protected:
  void open(SqliteSync sync) {
    auto made = make_sqlite_store({.data_dir = dir_.path() / "data", .sync = sync});
    ASSERT_TRUE(succeeded(made));
    store_ = std::move(*made);
    CreateSessionParams params;
    params.row.id = id_;
    params.events = {events::user_prompt("go")};
    ASSERT_TRUE(succeeded(store_->create_session(params, {})));
    epoch_ = store_->acquire_lease({id_, "w"}, {}).value().epoch;
  }

  int syncs_of(std::vector<NewEvent> events) {
    const int before = log_syncs;
    AppendOwnerParams params;
    params.session_id = id_;
    params.epoch = epoch_;
    params.events = std::move(events);
    EXPECT_TRUE(succeeded(store_->append_owner(params, {})));
    return log_syncs - before;
  }

  static NewEvent intent(bool read_only) { return events::tool_intent({"c", "", "tool", {}, nullptr}, "b", read_only); }

  CountingVfs vfs_;
  TempDir dir_;
  const std::string id_ = new_id();
  std::unique_ptr<SessionStore> store_;
  std::uint64_t epoch_ = 0;
};

TEST_F(SqliteSyncTest, NormalWaitsForTheDiskWhereSomebodyWasPromisedIt) {
  open(SqliteSync::normal);
  const int before = log_syncs;
  ASSERT_TRUE(succeeded(store_->post_inbox({id_, {events::user_prompt("more")}, {}}, {})));
  EXPECT_EQ(log_syncs - before, 1) << "an acknowledged prompt";
  EXPECT_EQ(syncs_of({intent(false)}), 1) << "the call may change something";
  EXPECT_EQ(syncs_of({events::turn_finished({})}), 1);
}

TEST_F(SqliteSyncTest, NormalLetsTheStepsOfATurnFollowWithoutBeingAsked) {
  open(SqliteSync::normal);
  // Warm up, so that the thread that syncs later is not in the middle of its wait.
  EXPECT_EQ(syncs_of({events::turn_finished({})}), 1);
  EXPECT_EQ(syncs_of({events::model_call_started("m", 1, "h"), intent(true)}), 0);
  const int before = log_syncs;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (log_syncs == before && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(log_syncs - before, 1);
}

TEST_F(SqliteSyncTest, FullWaitsForTheDiskAtEachAppend) {
  open(SqliteSync::full);
  EXPECT_EQ(syncs_of({events::model_call_started("m", 1, "h")}), 1);
  EXPECT_EQ(syncs_of({intent(true)}), 1);
}

}  // namespace
}  // namespace ottobot::testing
