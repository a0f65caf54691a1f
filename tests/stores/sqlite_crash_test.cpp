// What is acknowledged survives kill -9 at any instant.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "ottobot/stores/sqlite.hpp"
#include "ottobot/testing/results.hpp"
#include "stores/temp_dir.hpp"

namespace ottobot::testing {
namespace {

// What the child tells through the pipe after each acknowledged append.
struct Acknowledged {
  Seq seq = 0;
  std::int64_t value = 0;  // in the event's data and in the row's usage
};

constexpr const char* kSession = "crash-session";

class SqliteCrashTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<SessionStore>> open() { return make_sqlite_store({.data_dir = dir_.path() / "data"}); }

  // Runs `body(pipe)` in a process of its own that is killed `after` it wrote its first bytes; returns what it wrote.
  template <class Body>
  std::string run_and_kill(std::chrono::microseconds after, const Body& body) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      body(ends[1]);
      ::_exit(1);
    }
    ::close(ends[1]);
    std::string told;
    char buffer[4096];
    ssize_t count = ::read(ends[0], buffer, sizeof buffer);
    if (count > 0) told.append(buffer, static_cast<std::size_t>(count));
    std::this_thread::sleep_for(after);
    ::kill(child, SIGKILL);
    while ((count = ::read(ends[0], buffer, sizeof buffer)) > 0) told.append(buffer, static_cast<std::size_t>(count));
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself with status " << status;
    return told;
  }

  void append_for_ever(int pipe) {
    auto store = open();
    if (!store) return;
    const CallContext ctx;
    const auto lease = (*store)->acquire_lease({kSession, "child", std::chrono::seconds(10)}, ctx);
    const auto row = (*store)->get_session(kSession, ctx);
    if (!lease || !row) return;
    for (auto value = row->usage.input_tokens + 1;; ++value) {
      AppendOwnerParams params;
      params.session_id = kSession;
      params.epoch = lease->epoch;
      params.events = {events::log(LogLevel::info, std::to_string(value)), events::log(LogLevel::info, "second")};
      params.patch.usage = Usage{value, 0, 0, 0};
      const auto appended = (*store)->append_owner(params, ctx);
      if (!appended) return;
      const Acknowledged acknowledged{appended->last_seq, value};
      if (::write(pipe, &acknowledged, sizeof acknowledged) != sizeof acknowledged) return;
    }
  }

  // Every append of two events and a patch is there as a whole, up to at least `last`; returns the value of the last.
  void expect_whole(SessionStore& store, const Acknowledged& last) {
    const CallContext ctx;
    const auto row = value_of(store.get_session(kSession, ctx));
    EXPECT_GE(row.last_seq, last.seq);
    EXPECT_EQ(row.last_seq, 2 * row.usage.input_tokens);
    ReadParams params;
    params.session_id = kSession;
    params.limit = 1'000'000;
    params.max_bytes = 1 << 30;
    const auto log = value_of(store.read(params, ctx));
    ASSERT_EQ(log.size(), static_cast<std::size_t>(row.last_seq));
    for (std::size_t n = 0; n < log.size(); n += 2) {
      ASSERT_EQ(log[n].seq, static_cast<Seq>(n + 1));
      ASSERT_EQ(get_string(log[n].data, "message"), std::to_string(n / 2 + 1));
      ASSERT_EQ(get_string(log[n + 1].data, "message"), "second");
    }
  }

  TempDir dir_;
  std::mt19937 random_{20261122};
};

TEST_F(SqliteCrashTest, AcknowledgedAppendsSurviveKill) {
  {
    auto store = value_of(open());
    ASSERT_NE(store, nullptr);
    CreateSessionParams params;
    params.row.id = kSession;
    ASSERT_TRUE(succeeded(store->create_session(params, CallContext{})));
  }
  std::uint64_t last_epoch = 0;
  Acknowledged last;
  for (int round = 0; round < 20; ++round) {
    const std::chrono::microseconds after(std::uniform_int_distribution<int>(0, 20'000)(random_));
    const std::string told = run_and_kill(after, [&](int pipe) { append_for_ever(pipe); });
    ASSERT_GE(told.size(), sizeof last) << "round " << round;
    const std::size_t whole = told.size() / sizeof last;
    std::memcpy(&last, told.data() + (whole - 1) * sizeof last, sizeof last);
    auto store = open();
    ASSERT_TRUE(succeeded(store));
    expect_whole(**store, last);
    const auto lease = (*store)->acquire_lease({kSession, "parent", std::chrono::seconds(10)}, CallContext{});
    ASSERT_TRUE(succeeded(lease)) << "the dead child's lease must be void";
    EXPECT_GT(lease->epoch, last_epoch + 1);
    last_epoch = lease->epoch;
  }
}

TEST_F(SqliteCrashTest, TornBlobsNeverShow) {
  constexpr std::size_t kBlobBytes = 300'000;
  const auto blob_of = [](int n) { return std::string(kBlobBytes, static_cast<char>('a' + n % 26)); };
  {
    auto store = value_of(open());
    ASSERT_NE(store, nullptr);
    CreateSessionParams params;
    params.row.id = kSession;
    ASSERT_TRUE(succeeded(store->create_session(params, CallContext{})));
  }
  for (int round = 0; round < 10; ++round) {
    const std::chrono::microseconds after(std::uniform_int_distribution<int>(0, 5'000)(random_));
    const std::string told = run_and_kill(after, [&](int pipe) {
      auto store = open();
      for (int n = 0; store; ++n) {
        if (!put_blob(**store, kSession, blob_of(round * 7 + n), CallContext{})) return;
        const char done = 1;
        if (::write(pipe, &done, 1) != 1) return;
      }
    });
    auto store = value_of(open());
    ASSERT_NE(store, nullptr);
    for (std::size_t n = 0; n < told.size(); ++n) {
      const std::string bytes = blob_of(round * 7 + static_cast<int>(n));
      EXPECT_EQ(value_of(get_blob(*store, kSession, sha256_hex(bytes), CallContext{})), bytes);
    }
    for (const auto& file : std::filesystem::directory_iterator(dir_.path() / "data" / "blobs" / kSession)) {
      EXPECT_EQ(file.file_size(), kBlobBytes);
    }
    EXPECT_TRUE(std::filesystem::is_empty(dir_.path() / "data" / "unfinished"));
  }
}

}  // namespace
}  // namespace ottobot::testing
