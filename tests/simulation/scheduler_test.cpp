// Threads, locks, clocks and random bytes of the standard library, as they are inside a simulated run.
#include "simulation/scheduler.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <set>
#include <stop_token>
#include <thread>

#include "ottobot/clock.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::simulation {
namespace {

using namespace std::chrono_literals;

// On a real thread of its own, as every run.
void simulate(std::uint64_t seed, const std::function<void(Scheduler&)>& main) {
  std::thread thread([&] {
    Scheduler scheduler(seed);
    scheduler.run([&] { main(scheduler); });
  });
  thread.join();
}

TEST(Scheduler, TimeIsOnlyCounted) {
  const auto really = std::chrono::steady_clock::now();
  simulate(1, [](Scheduler& scheduler) {
    const auto steady = std::chrono::steady_clock::now();
    const UnixMillis day = system_clock().now_ms();
    EXPECT_TRUE(system_clock().sleep_for(24h, {}));
    EXPECT_EQ(std::chrono::steady_clock::now() - steady, 24h);
    EXPECT_EQ(system_clock().now_ms() - day, 24 * 3600 * 1000);
    std::this_thread::sleep_for(1s);
    EXPECT_EQ(scheduler.now(), (24 * 3600 + 1) * kSecond);
  });
  EXPECT_LT(std::chrono::steady_clock::now() - really, 1h);
}

TEST(Scheduler, ThreadsLockWaitAndWake) {
  simulate(1, [](Scheduler& scheduler) {
    std::mutex mutex;
    std::condition_variable_any changed;
    int turns = 0;
    {
      std::vector<std::jthread> threads;
      for (int n = 0; n < 8; ++n) {
        threads.emplace_back([&, n](const std::stop_token& stop) {
          std::unique_lock lock(mutex);
          EXPECT_TRUE(changed.wait(lock, stop, [&] { return turns == n; }));
          std::this_thread::sleep_for(1s);  // with the lock: the others wait for it
          ++turns;
          changed.notify_all();
        });
      }
      for (std::jthread& thread : threads) thread.join();
    }
    EXPECT_EQ(turns, 8);
    EXPECT_EQ(scheduler.now(), 8 * kSecond);
    std::jthread stopped([&](const std::stop_token& stop) {
      std::unique_lock lock(mutex);
      EXPECT_FALSE(changed.wait(lock, stop, [] { return false; }));
    });
    std::this_thread::sleep_for(1s);
  });
}

TEST(Scheduler, AFrozenProcessStandsStillAndTimeDoesNot) {
  simulate(1, [](Scheduler& scheduler) {
    const auto process = std::make_shared<Process>();
    Nanos woke = 0;
    const auto thread = scheduler.spawn(process, [&] {
      std::this_thread::sleep_for(1s);
      woke = scheduler.now();
    });
    std::this_thread::sleep_for(100ms);  // it sleeps by then
    scheduler.freeze(*process);
    std::this_thread::sleep_for(4900ms);
    EXPECT_EQ(woke, 0);
    scheduler.thaw(*process);
    scheduler.join(thread);
    EXPECT_EQ(woke, 5 * kSecond);
  });
}

TEST(Scheduler, TheSeedDrawsOrderAndRandomBytes) {
  const auto run = [](std::uint64_t seed) {
    std::string all;
    simulate(seed, [&](Scheduler&) {
      std::vector<std::jthread> threads;
      for (char name = 'a'; name < 'k'; ++name) threads.emplace_back([&all, name] { all += name; });
      threads.clear();
      all += new_id();
    });
    return all;
  };
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::string once = run(seed);
    EXPECT_EQ(run(seed), once);
    seen.insert(once);
  }
  EXPECT_EQ(seen.size(), 20u);
}

}  // namespace
}  // namespace ottobot::simulation
