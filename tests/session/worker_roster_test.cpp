#include "session/worker_roster.hpp"

#include <gtest/gtest.h>

#include <map>

#include "ottobot/session/session_service.hpp"
#include "ottobot/stores/memory.hpp"
#include "ottobot/testing/manual_clock.hpp"
#include "ottobot/testing/results.hpp"

namespace ottobot::session {
namespace {

using testing::succeeded;

SessionRow row(const std::string& id, const std::string& worker = {}, const std::string& host = {}) {
  SessionRow row;
  row.id = id;
  row.worker_id = worker;
  row.host_id = host;
  return row;
}

WorkerRecord worker(const std::string& id, const std::string& host = "h1", int running = 0, int capacity = 64) {
  WorkerRecord record;
  record.id = id;
  record.host_id = host;
  record.running = running;
  record.capacity = capacity;
  return record;
}

std::string chosen(const std::vector<WorkerRecord>& workers, const SessionRow& row) {
  const WorkerRecord* found = choose_worker(workers, row);
  return found != nullptr ? found->id : "";
}

std::string home(const std::vector<WorkerRecord>& workers, const SessionRow& row) {
  const WorkerRecord* found = home_of(workers, row);
  return found != nullptr ? found->id : "";
}

TEST(WorkerChoice, ASessionStaysWithItsWorkerAsLongAsThatLives) {
  std::vector<WorkerRecord> workers{worker("a"), worker("b"), worker("c")};
  for (int n = 0; n < 50; ++n) EXPECT_EQ(chosen(workers, row("s" + std::to_string(n), "b", "h1")), "b");
  workers[1].alive = false;
  EXPECT_NE(chosen(workers, row("s", "b", "h1")), "b");
  EXPECT_NE(home(workers, row("s", "b", "h1")), "b");
}

TEST(WorkerChoice, WhoHasNoRoomKeepsTheDesktopAndNotTheWork) {
  const std::vector<WorkerRecord> workers{worker("a", "h1", 2, 2), worker("b", "h1", 0, 2)};
  EXPECT_EQ(chosen(workers, row("s", "a", "h1")), "b");
  EXPECT_EQ(home(workers, row("s", "a", "h1")), "a");
}

TEST(WorkerChoice, TheSandboxesHostComesFirst) {
  std::vector<WorkerRecord> workers{worker("a", "h1"), worker("b", "h2"), worker("c", "h2", 63)};
  for (int n = 0; n < 20; ++n) EXPECT_NE(chosen(workers, row("s" + std::to_string(n), "gone", "h2")), "a");
  workers[1].alive = workers[2].alive = false;
  EXPECT_EQ(chosen(workers, row("s", "gone", "h2")), "a") << "nobody is left there";
  workers[0].alive = false;
  EXPECT_EQ(chosen(workers, row("s", "gone", "h2")), "");
}

TEST(WorkerChoice, NewSessionsAreSpreadAndNobodyGetsMuchMoreThanTheMean) {
  std::vector<WorkerRecord> workers;
  for (const char* id : {"a", "b", "c", "d", "e"}) workers.push_back(worker(id, "h", 0, 1000));
  for (int n = 0; n < 1000; ++n) {
    const std::string id = chosen(workers, row("session-" + std::to_string(n)));
    for (WorkerRecord& each : workers) each.running += each.id == id ? 1 : 0;
  }
  for (const WorkerRecord& each : workers) {
    EXPECT_LE(each.running, 251) << each.id;
    EXPECT_GE(each.running, 120) << each.id;
  }
}

TEST(WorkerChoice, OneMoreWorkerTakesOnlyItsShareFromTheOthers) {
  std::vector<WorkerRecord> before, after;
  for (const char* id : {"a", "b", "c", "d"}) before.push_back(worker(id));
  after = before;
  after.push_back(worker("e"));
  int moved = 0;
  for (int n = 0; n < 1000; ++n) {
    const SessionRow session = row("session-" + std::to_string(n));
    const std::string now = home(after, session);
    if (now == home(before, session)) continue;
    ++moved;
    EXPECT_EQ(now, "e");
  }
  EXPECT_GT(moved, 120);
  EXPECT_LT(moved, 280);
}

TEST(WorkerRoster, JobsGoToWorkersThatAreAnnouncedAndElseToAll) {
  testing::ManualClock clock;
  const auto queue = make_memory_queue(clock);
  WorkerRoster roster(*queue, clock);
  EXPECT_EQ(roster.queue_for(row("s"), {}), kSharedQueue);
  ASSERT_TRUE(succeeded(queue->announce_worker(worker("a"), std::chrono::seconds(2), {})));
  EXPECT_EQ(roster.queue_for(row("s"), {}), kSharedQueue) << "it was asked just now";
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(roster.queue_for(row("s"), {}), queue_of_worker("a"));
  clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(roster.queue_for(row("s"), {}), kSharedQueue) << "its time is up";
  ASSERT_TRUE(succeeded(queue->withdraw_worker("a", {})));
  roster.refresh();
  EXPECT_TRUE(roster.workers({}).empty());
}

}  // namespace
}  // namespace ottobot::session
