#include "service/last_worker.hpp"

#include <gtest/gtest.h>

#include "ottobot/stores/memory.hpp"
#include "ottobot/testing/fake_container_backend.hpp"
#include "ottobot/testing/manual_clock.hpp"
#include "ottobot/testing/results.hpp"

namespace ottobot::service {
namespace {

constexpr std::chrono::milliseconds kPatience{5'000};

WorkerRecord worker(const std::string& id, const std::string& host) {
  WorkerRecord record;
  record.id = id;
  record.host_id = host;
  return record;
}

TEST(LastWorker, IsTheOneAfterWhomNobodyOnItsHostIsAnnounced) {
  testing::ManualClock clock;
  const auto queue = make_memory_queue(clock);
  const CallContext ctx = with_timeout(kPatience);
  EXPECT_TRUE(was_last_worker(*queue, "here", ctx));
  ASSERT_TRUE(queue->announce_worker(worker("elsewhere", "there"), kPatience, ctx));
  EXPECT_TRUE(was_last_worker(*queue, "here", ctx));
  ASSERT_TRUE(queue->announce_worker(worker("other", "here"), kPatience, ctx));
  EXPECT_FALSE(was_last_worker(*queue, "here", ctx));
  clock.advance(2 * kPatience);  // it has died
  EXPECT_TRUE(was_last_worker(*queue, "here", ctx));
}

TEST(LastWorker, StopsTheSandboxesOfItsInstanceAndLeavesOthersAlone) {
  testing::FakeContainerBackend backend;
  for (int n = 0; n < 20; ++n) {
    LaunchParams params;
    params.name = "box" + std::to_string(n);
    params.labels = {{labels::kInstance, n < 15 ? "ours" : "theirs"}};
    ASSERT_TRUE(backend.launch(params, nullptr, {}));
  }
  backend.fail_next("stop", unavailable("the engine stumbles").value());
  stop_sandboxes(backend, "ours", null_logger(), with_timeout(kPatience));
  int stopped = 0;
  for (int n = 0; n < 20; ++n) {
    const auto sandbox = backend.inspect("box" + std::to_string(n), {});
    ASSERT_TRUE(sandbox);
    if (n >= 15) {
      EXPECT_EQ(sandbox->state, SandboxState::running) << n;
    } else if (sandbox->state == SandboxState::exited) {
      ++stopped;
    }
  }
  EXPECT_EQ(stopped, 14);
}

}  // namespace
}  // namespace ottobot::service
