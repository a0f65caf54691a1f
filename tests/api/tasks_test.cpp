#include "api/tasks.hpp"

#include <future>
#include <thread>

#include <gtest/gtest.h>

namespace ottobot::api {
namespace {

using namespace std::chrono_literals;

TEST(Tasks, ATaskThatFindsThePoolFullRunsLaterAndOnce) {
  int refusals = 3;
  std::vector<std::thread> pool;
  std::mutex mutex;  // guards refusals, pool
  Tasks tasks([&](std::function<void()> task) {
    std::lock_guard lock(mutex);
    if (refusals-- > 0) return false;
    pool.emplace_back(std::move(task));
    return true;
  });
  std::promise<void> ran;
  std::atomic<int> times{0};
  tasks.run([&] {
    if (++times == 1) ran.set_value();
  });
  EXPECT_EQ(ran.get_future().wait_for(10s), std::future_status::ready);
  tasks.close();
  for (auto& thread : pool) thread.join();
  EXPECT_EQ(times, 1);
}

TEST(Tasks, CloseWaitsForWhatRunsAndDropsTheRest) {
  std::vector<std::function<void()>> late;
  std::thread runner;
  Tasks tasks([&](std::function<void()> task) {
    if (runner.joinable())
      late.push_back(std::move(task));
    else
      runner = std::thread(std::move(task));
    return true;
  });
  std::promise<void> started;
  std::atomic<bool> finished{false}, never{false};
  const std::stop_token stopping = tasks.stopping();
  tasks.run([&] {
    started.set_value();
    while (!stopping.stop_requested()) std::this_thread::yield();
    finished = true;
  });
  started.get_future().wait();
  tasks.run([&] { never = true; });
  tasks.run_after(1h, [&] { never = true; });
  tasks.close();
  EXPECT_TRUE(finished);
  runner.join();
  for (auto& task : late) task();
  EXPECT_FALSE(never);
}

TEST(Tasks, DelayedTasksRunInTheOrderOfTheirTimes) {
  std::mutex mutex;  // guards order
  std::vector<int> order;
  std::promise<void> done;
  Tasks tasks([](std::function<void()> task) {
    task();
    return true;
  });
  const auto note = [&](int number) {
    std::lock_guard lock(mutex);
    order.push_back(number);
    if (order.size() == 2) done.set_value();
  };
  tasks.run_after(60ms, [&] { note(2); });
  tasks.run_after(5ms, [&] { note(1); });
  ASSERT_EQ(done.get_future().wait_for(10s), std::future_status::ready);
  std::lock_guard lock(mutex);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace ottobot::api
