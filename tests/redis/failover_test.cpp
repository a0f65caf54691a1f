// A primary of a Redis Cluster dies while sessions are written to: its replica takes over, and all goes on.
#include <gtest/gtest.h>

#include <atomic>
#include <iostream>
#include <set>
#include <thread>

#include "ottobot/testing/results.hpp"
#include "redis/redis_cluster.hpp"
#include "stores/redis/keys.hpp"

namespace ottobot::testing {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr int kPrimaries = 3, kSessions = 12;
constexpr auto kBefore = 1500ms, kAfter = 1500ms;
constexpr auto kPatience = 20s;  // with a fail-over
constexpr auto kCall = 2s;
constexpr auto kBetween = 2ms;
constexpr auto kReplication = 1s;  // far more than a replica on the same machine is behind

// Appends one event after the other to a session, each until it is acknowledged.
class Writer {
 public:
  Writer(SessionStore& store, std::string id) : store_(store), id_(std::move(id)), thread_([this] { run(); }) {}

  void stop() {
    stop_ = true;
    thread_.join();
  }

  struct Acknowledged {
    std::string event;
    SteadyClock::time_point at;
  };
  const std::string& session() const { return id_; }
  const std::vector<Acknowledged>& acknowledged() const { return acknowledged_; }
  std::chrono::milliseconds longest_wait() const { return longest_wait_; }
  bool gave_up() const { return gave_up_; }

 private:
  void run() {
    for (int n = 0; !stop_ && !gave_up_; ++n) {
      const auto asked_at = SteadyClock::now();
      append(id_ + "-" + std::to_string(n));
      const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - asked_at);
      longest_wait_ = std::max(longest_wait_, waited);
      std::this_thread::sleep_for(kBetween);
    }
  }

  void append(const std::string& event) {
    AppendParams params;
    params.session_id = id_;
    params.events = {events::user_prompt(event, event)};
    params.events[0].id = event;
    const auto ctx = with_timeout(kPatience);
    while (!store_.post_inbox(params, with_timeout(kCall))) {
      if (!ctx.check()) return (void)(gave_up_ = true);
      std::this_thread::sleep_for(kBetween);
    }
    acknowledged_.push_back({event, SteadyClock::now()});
  }

  SessionStore& store_;
  const std::string id_;
  std::atomic<bool> stop_{false};
  bool gave_up_ = false;
  std::chrono::milliseconds longest_wait_{0};
  std::vector<Acknowledged> acknowledged_;
  std::thread thread_;
};

// Without a gap, nothing twice.
std::set<std::string> events_of(SessionStore& store, const std::string& id) {
  std::set<std::string> ids;
  Seq last = 0;
  for (;;) {
    const auto page = value_of(store.read({id, last}, with_timeout(kPatience)));
    if (page.empty()) return ids;
    for (const Event& event : page) {
      EXPECT_EQ(event.seq, ++last) << id;
      EXPECT_TRUE(ids.insert(event.id).second) << event.id;
    }
  }
}

TEST(RedisFailover, AWrittenToSessionGoesOnAtTheReplica) {
  OTTOBOT_NEED_REDIS();
  RedisCluster cluster(kPrimaries);
  ASSERT_TRUE(cluster.ready());
  const auto store = value_of(make_redis_store(cluster.options()));
  ASSERT_TRUE(store);
  std::vector<std::unique_ptr<Writer>> writers;
  for (int n = 0; n < kSessions; ++n) {
    CreateSessionParams params;
    params.row.id = "session-" + std::to_string(n);
    ASSERT_TRUE(succeeded(store->create_session(params, with_timeout(kPatience))));
    writers.push_back(std::make_unique<Writer>(*store, params.row.id));
  }
  const auto row_key = [&](const std::string& id) { return stores::SessionKeys("ottobot", id).row(); };
  std::set<std::string> struck;
  std::this_thread::sleep_for(kBefore);
  const int port = cluster.primary_of(row_key("session-0"));
  for (const auto& writer : writers) {
    if (cluster.primary_of(row_key(writer->session())) == port) struck.insert(writer->session());
  }
  const auto killed_at = SteadyClock::now();
  ASSERT_EQ(cluster.kill_primary_of(row_key("session-0")), port);
  const auto ctx = with_timeout(kPatience);
  while (ctx.check() && (cluster.primary_of(row_key("session-0")) == 0)) std::this_thread::sleep_for(kBetween);
  std::this_thread::sleep_for(kAfter);

  std::size_t acknowledged = 0, lost = 0;
  std::chrono::milliseconds longest{0};
  for (const auto& writer : writers) {
    writer->stop();
    EXPECT_FALSE(writer->gave_up()) << writer->session();
    longest = std::max(longest, writer->longest_wait());
    acknowledged += writer->acknowledged().size();
    const auto kept = events_of(*store, writer->session());
    for (const auto& each : writer->acknowledged()) {
      if (kept.count(each.event) != 0) continue;
      ++lost;
      EXPECT_EQ(struck.count(writer->session()), 1u) << each.event << " was lost, whose primary lives";
      EXPECT_GT(each.at, killed_at - kReplication) << each.event << " was lost, which the replica had";
      EXPECT_LT(each.at, killed_at + kCall) << each.event << " was lost after the fail-over";
    }
    EXPECT_GT(writer->acknowledged().back().at, killed_at + kAfter) << writer->session() << " stands still";
  }
  std::cout << struck.size() << " of " << kSessions << " sessions struck, " << acknowledged << " acknowledged, " << lost
            << " lost, longest wait " << longest.count() << " ms" << std::endl;
}

}  // namespace
}  // namespace ottobot::testing
