// What the SQLite store promises beyond the contract of every store: its directory, restarts, damage, full disks.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <future>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "net/unique_fd.hpp"
#include "ottobot/stores/sqlite.hpp"
#include "ottobot/testing/manual_clock.hpp"
#include "ottobot/testing/results.hpp"
#include "stores/temp_dir.hpp"

namespace ottobot::testing {
namespace {

class SqliteStoreTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<SessionStore>> open(std::uint64_t max_database_bytes = 0) {
    return make_sqlite_store({.data_dir = data_, .clock = clock_, .max_database_bytes = max_database_bytes});
  }

  std::string create(SessionStore& store, const std::string& user = {}) {
    CreateSessionParams params;
    params.row.id = new_id();
    params.row.user = user;
    params.events = {events::user_prompt("go")};
    EXPECT_TRUE(succeeded(store.create_session(params, ctx_)));
    return params.row.id;
  }

  std::filesystem::path database() const { return data_ / "ottobot.db"; }

  TempDir dir_;
  std::filesystem::path data_ = dir_.path() / "deep" / "data";
  ManualClock clock_;
  CallContext ctx_ = with_timeout(std::chrono::seconds(60));
};

TEST_F(SqliteStoreTest, MakesItsDirectoryForItsOwnerOnly) {
  const auto store = open();
  ASSERT_TRUE(succeeded(store));
  struct stat info {};
  ASSERT_EQ(::stat(data_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

class AlmostFullDisk : public SqliteStoreTest {
 protected:
  AlmostFullDisk() {
    auto store = open();
    EXPECT_TRUE(succeeded(store));
    CreateSessionParams params;
    params.row.id = session_;
    params.idempotency_key = "key";
    EXPECT_TRUE(succeeded((*store)->create_session(params, ctx_)));
    EXPECT_TRUE(succeeded((*store)->post_inbox(prompt("known"), ctx_)));
    store->reset();
    auto full = make_sqlite_store({.data_dir = data_, .clock = clock_, .reserved_disk_bytes = 1ull << 60});
    EXPECT_TRUE(succeeded(full));
    store_ = std::move(*full);
  }

  AppendParams prompt(const std::string& id) const {
    AppendParams params;
    params.session_id = session_;
    params.events = {events::user_prompt("go")};
    params.events[0].id = id;
    return params;
  }

  const std::string session_ = new_id();
  std::unique_ptr<SessionStore> store_;
};

TEST_F(AlmostFullDisk, NewWorkIsRefusedAndSaysWhenToComeBack) {
  CreateSessionParams another;
  another.row.id = new_id();
  const auto created = store_->create_session(another, ctx_);
  const auto posted = store_->post_inbox(prompt("new"), ctx_);
  ASSERT_TRUE(failed_with(ErrorCode::resource_exhausted, created));
  ASSERT_TRUE(failed_with(ErrorCode::resource_exhausted, posted));
  EXPECT_TRUE(posted.error().retry_after);
  EXPECT_FALSE(posted.error().hint.empty());
  EXPECT_TRUE(failed_with(ErrorCode::resource_exhausted, store_->ping(ctx_)));
}

TEST_F(AlmostFullDisk, WhatWasAcknowledgedIsAcknowledgedAgain) {
  CreateSessionParams same;
  same.row.id = new_id();
  same.idempotency_key = "key";
  const auto created = store_->create_session(same, ctx_);
  ASSERT_TRUE(succeeded(created));
  EXPECT_TRUE(created->replayed);
  const auto posted = store_->post_inbox(prompt("known"), ctx_);
  ASSERT_TRUE(succeeded(posted));
  EXPECT_TRUE(posted->replayed);
}

TEST_F(AlmostFullDisk, WhatHasBegunGoesToItsEnd) {
  const auto lease = store_->acquire_lease({session_, "w"}, ctx_);
  ASSERT_TRUE(succeeded(lease));
  AppendOwnerParams step;
  step.session_id = session_;
  step.epoch = lease->epoch;
  step.events = {events::turn_finished({})};
  EXPECT_TRUE(succeeded(store_->append_owner(step, ctx_)));
  for (const NewEvent& event : {events::stop_requested("user"), events::delete_requested("user")}) {
    AppendParams params;
    params.session_id = session_;
    params.events = {event};
    EXPECT_TRUE(succeeded(store_->post_inbox(params, ctx_)));
  }
  EXPECT_TRUE(succeeded(store_->read({session_}, ctx_)));
}

TEST_F(SqliteStoreTest, FinishedTurnsAreStillCountedAfterARestart) {
  {
    auto store = open();
    ASSERT_TRUE(succeeded(store));
    AppendOwnerParams params;
    params.session_id = create(**store);
    auto lease = (*store)->acquire_lease({params.session_id, "w"}, ctx_);
    ASSERT_TRUE(succeeded(lease));
    params.epoch = lease->epoch;
    params.events = {events::turn_finished({TurnOutcome::limit, 7, Usage{1, 2, 0, 0}, {}})};
    ASSERT_TRUE(succeeded((*store)->append_owner(params, ctx_)));
  }
  auto store = open();
  ASSERT_TRUE(succeeded(store));
  auto totals = (*store)->totals(ctx_);
  ASSERT_TRUE(succeeded(totals));
  EXPECT_EQ(totals->turns[TurnOutcome::limit].steps, 7);
  EXPECT_EQ(totals->all_sessions(), 1u);
}

TEST_F(SqliteStoreTest, ASecondServerIsToldWhoHasTheDirectory) {
  auto first = open();
  ASSERT_TRUE(succeeded(first));
  const auto second = open();
  ASSERT_TRUE(failed_with(ErrorCode::conflict, second));
  EXPECT_NE(second.error().message.find(data_.string()), std::string::npos);
  EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos);
  EXPECT_FALSE(second.error().hint.empty());
  first->reset();
  EXPECT_TRUE(succeeded(open()));
}

TEST_F(SqliteStoreTest, OpensWhenWhatAKilledServerLeftLetsTheDirectoryGo) {
  ASSERT_TRUE(succeeded(open()));
  net::UniqueFd left(::open((data_ / "lock").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::flock(left.get(), LOCK_EX | LOCK_NB), 0);
  auto opening = std::async(std::launch::async, [this] { return open(); });
  EXPECT_EQ(opening.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout);
  left.reset();
  EXPECT_TRUE(succeeded(opening.get()));
}

TEST_F(SqliteStoreTest, EverythingButLeasesOutlivesARestart) {
  auto store = value_of(open());
  const std::string name = store->store_id();
  const auto id = create(*store, "alice");
  const auto lease = value_of(store->acquire_lease({id, "w1", std::chrono::hours(1)}, ctx_));
  AppendOwnerParams append;
  append.session_id = id;
  append.epoch = lease.epoch;
  append.events = {events::log(LogLevel::info, "before")};
  append.patch.vnc_port = 6080;
  const auto before = value_of(store->append_owner(append, ctx_));
  const auto blob = value_of(put_blob(*store, id, "bytes", ctx_));
  ASSERT_TRUE(succeeded(store->put_checkpoint(id, 2, {{"x", 1}}, ctx_)));
  ASSERT_EQ(value_of(store->lease_port({"h", "vnc", 6080, 6090, id}, ctx_)), 6080);

  store.reset();
  store = value_of(open());
  EXPECT_EQ(store->store_id(), name);
  const auto row = value_of(store->get_session(id, ctx_));
  EXPECT_EQ(row.vnc_port, 6080);
  EXPECT_EQ(row.last_seq, 2);
  EXPECT_TRUE(row.pending);
  EXPECT_EQ(value_of(get_blob(*store, id, blob, ctx_)), "bytes");
  EXPECT_TRUE(value_of(store->get_checkpoint(id, ctx_)).has_value());
  EXPECT_EQ(value_of(store->lease_port({"h", "vnc", 6080, 6090, "other"}, ctx_)), 6081);
  EXPECT_EQ(value_of(store->list_sessions({"alice", 20, 0}, ctx_)).total, 1u);
  EXPECT_EQ(value_of(store->sessions_with_work(10, ctx_)), std::vector<std::string>{id});
  EXPECT_TRUE(failed_with(ErrorCode::fenced, store->append_owner(append, ctx_)));
  const auto next = value_of(store->acquire_lease({id, "w2", std::chrono::hours(1)}, ctx_));
  EXPECT_GT(next.epoch, lease.epoch);
  append.epoch = next.epoch;
  const auto again = value_of(store->append_owner(append, ctx_));
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.seqs, before.seqs);
}

TEST_F(SqliteStoreTest, PortsOfAnotherRangeWorkAfterARestart) {
  auto store = value_of(open());
  ASSERT_EQ(value_of(store->lease_port({"h", "vnc", 6080, 6081, "a"}, ctx_)), 6080);
  ASSERT_EQ(value_of(store->lease_port({"h", "vnc", 6080, 6081, "b"}, ctx_)), 6081);
  store.reset();
  store = value_of(open());
  EXPECT_EQ(value_of(store->lease_port({"h", "vnc", 6081, 6082, "c"}, ctx_)), 6082);
  ASSERT_TRUE(succeeded(store->release_ports("b", ctx_)));
  EXPECT_EQ(value_of(store->lease_port({"h", "vnc", 6081, 6082, "d"}, ctx_)), 6081);
}

TEST_F(SqliteStoreTest, AnOldClockNeverTurnsTimestampsBack) {
  const auto id = [&] {
    const auto store = value_of(open());
    clock_.advance(std::chrono::hours(5));
    return create(*store);
  }();
  ManualClock slow;
  const auto store = value_of(make_sqlite_store({.data_dir = data_, .clock = slow}));
  const auto posted = value_of(store->post_inbox({id, {events::user_prompt("more")}, {}}, ctx_));
  EXPECT_EQ(posted.timestamp, clock_.now_ms());
}

TEST_F(SqliteStoreTest, LeftoversOfACrashAreRemovedWhenOpened) {
  const auto id = [&] {
    const auto store = value_of(open());
    const auto session = create(*store);
    EXPECT_TRUE(succeeded(put_blob(*store, session, "kept", ctx_)));
    return session;
  }();
  std::ofstream(data_ / "unfinished" / "half") << "half a blob";
  std::filesystem::create_directory(data_ / "blobs" / "purged-session");
  std::ofstream(data_ / "blobs" / "purged-session" / std::string(64, 'a')) << "x";
  {
    SQLite::Database db(database().string(), SQLite::OPEN_READWRITE);
    db.exec(
        "INSERT INTO events VALUES ((77 << 32) + 1, 77, 'e', 'log', 0, '{}', NULL); INSERT INTO purges VALUES (77)");
  }
  const auto store = open();
  ASSERT_TRUE(succeeded(store));
  EXPECT_TRUE(std::filesystem::is_empty(data_ / "unfinished"));
  EXPECT_FALSE(std::filesystem::exists(data_ / "blobs" / "purged-session"));
  EXPECT_TRUE(std::filesystem::exists(data_ / "blobs" / id));
  SQLite::Database db(database().string(), SQLite::OPEN_READONLY);
  EXPECT_EQ(db.execAndGet("SELECT count(*) FROM events WHERE sid = 77").getInt(), 0);
  EXPECT_EQ(db.execAndGet("SELECT count(*) FROM purges").getInt(), 0);
}

TEST_F(SqliteStoreTest, ForeignAndDamagedDatabasesAreRefusedWithAHint) {
  std::filesystem::create_directories(data_);
  {
    SQLite::Database db(database().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    db.exec("CREATE TABLE somebody_elses (x)");
  }
  const auto foreign = open();
  ASSERT_TRUE(failed_with(ErrorCode::data_loss, foreign));
  EXPECT_FALSE(foreign.error().hint.empty());
  std::ofstream(database(), std::ios::trunc) << std::string(8192, 'x');
  const auto damaged = open();
  ASSERT_TRUE(failed_with(ErrorCode::data_loss, damaged));
  EXPECT_FALSE(damaged.error().hint.empty());
}

TEST_F(SqliteStoreTest, ADatabaseOfANewerVersionIsLeftAlone) {
  ASSERT_TRUE(succeeded(open()));
  SQLite::Database(database().string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 1000");
  EXPECT_TRUE(failed_with(ErrorCode::unsupported, open()));
}

TEST_F(SqliteStoreTest, ADamagedEventIsReportedAndADamagedCheckpointIsNone) {
  auto store = value_of(open());
  const auto id = create(*store);
  ASSERT_TRUE(succeeded(store->put_checkpoint(id, 1, {{"x", 1}}, ctx_)));
  SQLite::Database(database().string(), SQLite::OPEN_READWRITE)
      .exec("UPDATE events SET data = '{\"torn'; UPDATE checkpoints SET state = '{\"torn'");
  ReadParams params;
  params.session_id = id;
  EXPECT_TRUE(failed_with(ErrorCode::data_loss, store->read(params, ctx_)));
  EXPECT_EQ(value_of(store->get_checkpoint(id, ctx_)), std::nullopt);
}

TEST_F(SqliteStoreTest, AFullDatabaseRefusesAppendsAndKeepsServingReads) {
  const auto store = value_of(open(512 * 1024));
  const auto id = create(*store);
  const std::string text(20'000, 'x');
  Seq last = 1;
  Result<AppendResult> posted;
  for (int n = 0; n < 100; ++n) {
    posted = store->post_inbox({id, {events::user_prompt(text)}, {}}, ctx_);
    if (!posted) break;
    last = posted->last_seq;
  }
  ASSERT_TRUE(failed_with(ErrorCode::resource_exhausted, posted));
  EXPECT_FALSE(posted.error().hint.empty());
  EXPECT_EQ(value_of(store->get_session(id, ctx_)).last_seq, last);
  ASSERT_TRUE(succeeded(store->purge_session(id, ctx_)));
  create(*store);
}

TEST_F(SqliteStoreTest, PurgeRemovesALongLog) {
  const auto store = value_of(open());
  const auto id = create(*store), other = create(*store);
  AppendParams params{id, {}, {}};
  for (int n = 0; n < 1234; ++n) params.events.push_back(events::log(LogLevel::info, "n"));
  ASSERT_TRUE(succeeded(store->post_inbox(params, ctx_)));
  ASSERT_TRUE(succeeded(store->purge_session(id, ctx_)));
  SQLite::Database db(database().string(), SQLite::OPEN_READONLY);
  EXPECT_EQ(db.execAndGet("SELECT count(*) FROM events").getInt(), 1);
  EXPECT_EQ(value_of(store->get_session(other, ctx_)).last_seq, 1);
}

TEST_F(SqliteStoreTest, OneBadAppendInASharedCommitFailsAlone) {
  const auto store = value_of(open());
  const auto good = create(*store), bad = create(*store);
  const auto lease = value_of(store->acquire_lease({bad, "w", std::chrono::hours(1)}, ctx_));
  constexpr int kEach = 50;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([&] {
        for (int n = 0; n < kEach; ++n) {
          EXPECT_TRUE(succeeded(store->post_inbox({good, {events::user_prompt("x")}, {}}, ctx_)));
        }
      });
      threads.emplace_back([&] {
        for (int n = 0; n < kEach; ++n) {
          AppendOwnerParams params;
          params.session_id = bad;
          params.events = {events::log(LogLevel::info, "never")};
          params.epoch = lease.epoch;
          params.if_last_seq = 77;
          EXPECT_TRUE(failed_with(ErrorCode::conflict, store->append_owner(params, ctx_)));
        }
      });
    }
  }
  EXPECT_EQ(value_of(store->get_session(good, ctx_)).last_seq, 1 + 2 * kEach);
  EXPECT_EQ(value_of(store->get_session(bad, ctx_)).last_seq, 1);
}

}  // namespace
}  // namespace ottobot::testing
