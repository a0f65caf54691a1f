#include "net/server/handler_pool.hpp"

#include <atomic>
#include <filesystem>
#include <future>

namespace ottobot::net {
namespace {

constexpr std::chrono::seconds kPatience{20};

TEST(HandlerPool, TasksThatBlockHoldUpNoneThatAThreadIsFreeFor) {
  constexpr int kThreads = 4;
  HandlerPool pool(kThreads, 1, 16, null_logger());
  for (int round = 0; round < 50; ++round) {
    std::promise<void> ran, opened;
    const auto open = opened.get_future().share();
    std::vector<std::future<void>> blocked;
    for (int n = 0; n < kThreads - 1; ++n) {
      auto ended = std::make_shared<std::promise<void>>();
      blocked.push_back(ended->get_future());
      ASSERT_TRUE(pool.post([open, ended] {
        open.wait();
        ended->set_value();
      }));
    }
    ASSERT_TRUE(pool.post([&ran] { ran.set_value(); }));
    EXPECT_EQ(ran.get_future().wait_for(kPatience), std::future_status::ready) << "round " << round;
    opened.set_value();
    for (auto& each : blocked) each.wait();
  }
}

std::size_t threads_of_this_process() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task")) ++count;
  return count;
}

TEST(HandlerPool, StartsThreadsAheadOfNeedAndNotAll) {
  constexpr int kThreads = 40;
  const std::size_t before = threads_of_this_process();
  HandlerPool pool(kThreads, 1, 16, null_logger());
  EXPECT_LT(threads_of_this_process(), before + 10);
  std::atomic<int> running = 0;
  std::promise<void> all_run, opened;
  const auto open = opened.get_future().share();
  for (int n = 0; n < kThreads; ++n) {
    ASSERT_TRUE(pool.post([&, open] {
      if (++running == kThreads) all_run.set_value();
      open.wait();
    }));
  }
  EXPECT_EQ(all_run.get_future().wait_for(kPatience), std::future_status::ready) << running << " run";
  opened.set_value();
}

TEST(HandlerPool, RunsWhatIsQueuedBeforeItIsDrained) {
  std::atomic<int> ran = 0;
  HandlerPool pool(2, 1, 1000, null_logger());
  for (int n = 0; n < 500; ++n) ASSERT_TRUE(pool.post([&ran] { ++ran; }));
  pool.drain();
  EXPECT_EQ(ran, 500);
  EXPECT_FALSE(pool.post([] {}));
}

TEST(HandlerPool, AHandlerOnALoopCountsAndLeavesAThreadForTheLoop) {
  HandlerPool pool(1, 1, 1, null_logger());
  std::promise<void> loop_ran, task_ran;
  {
    const auto place = pool.try_begin();
    ASSERT_TRUE(place);
    EXPECT_FALSE(pool.try_begin());
    ASSERT_TRUE(pool.post([&task_ran] { task_ran.set_value(); }));
    EXPECT_FALSE(pool.post([] {})) << "over the backlog";
    pool.take_over([&loop_ran] { loop_ran.set_value(); });
    EXPECT_EQ(loop_ran.get_future().wait_for(kPatience), std::future_status::ready);
  }
  EXPECT_EQ(task_ran.get_future().wait_for(kPatience), std::future_status::ready);
}

}  // namespace
}  // namespace ottobot::net
