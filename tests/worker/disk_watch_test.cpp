#include "worker/disk_watch.hpp"

#include <thread>

#include "worker/worker_fixture.hpp"

namespace ottobot::worker {
namespace {

using namespace std::chrono_literals;
using ottobot::testing::value_of;

constexpr std::uint64_t kLimit = 1ull << 30;

class DiskWatchTest : public ::testing::Test {
 protected:
  void launch(const std::string& name, std::uint64_t used = 0, const std::string& instance = "ours") {
    LaunchParams params;
    params.name = name;
    params.labels = {{labels::kInstance, instance}};
    ASSERT_TRUE(backend_.launch(params, nullptr, {}));
    backend_.set_disk_usage(name, used);
  }
  void watch() { watch_.emplace(backend_, system_clock(), null_logger(), DiskWatchOptions{"ours", kLimit, 1ms}); }
  bool runs(const std::string& name) { return value_of(backend_.inspect(name, {})).state == SandboxState::running; }
  bool is_ended(const std::string& name) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (runs(name) && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(1ms);
    return !runs(name);
  }
  // Two sandboxes that are over the limit from now on, one after the other: once both are ended, all others were looked
  // at in between.
  void wait_for_a_round() {
    for (int n = 0; n < 2; ++n) {
      const std::string name = "mark" + std::to_string(marks_++);
      launch(name);
      backend_.set_disk_usage(name, 3 * kLimit);
      ASSERT_TRUE(is_ended(name));
    }
  }

  testing::FakeContainerBackend backend_;
  std::optional<DiskWatch> watch_;
  int marks_ = 0;
};

TEST_F(DiskWatchTest, ASandboxThatTakesMoreIsEndedAndTheReasonToldOnce) {
  watch();
  launch("box");
  wait_for_a_round();
  ASSERT_TRUE(runs("box"));
  backend_.set_disk_usage("box", kLimit + 1);
  ASSERT_TRUE(is_ended("box"));
  const auto verdict = watch_->take_verdict("box");
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->code, ErrorCode::resource_exhausted);
  EXPECT_NE(verdict->message.find("1024 MiB"), std::string::npos) << verdict->message;
  EXPECT_FALSE(verdict->hint.empty());
  EXPECT_FALSE(watch_->take_verdict("box"));
}

TEST_F(DiskWatchTest, OthersAreLeftAlone) {
  watch();
  launch("full", kLimit);
  launch("theirs", 3 * kLimit, "theirs");
  wait_for_a_round();
  EXPECT_TRUE(runs("full"));
  EXPECT_TRUE(runs("theirs"));
  EXPECT_FALSE(watch_->take_verdict("full"));
}

TEST_F(DiskWatchTest, OneThatIsOverTheLimitWhenItStartsHasALittleRoomToTidyUpIn) {
  launch("box", kLimit * 3 / 2);
  launch("beyond", kLimit * 2 + 1);
  watch();
  ASSERT_TRUE(is_ended("beyond"));
  wait_for_a_round();
  EXPECT_TRUE(runs("box"));
  backend_.set_disk_usage("box", kLimit * 3 / 2 + kLimit / 64);
  wait_for_a_round();
  EXPECT_TRUE(runs("box"));
  backend_.set_disk_usage("box", kLimit * 3 / 2 + kLimit / 64 + 1);
  EXPECT_TRUE(is_ended("box"));
}

TEST_F(DiskWatchTest, OneThatWasIdleIsNotMeasured) {
  watch();
  launch("box");
  wait_for_a_round();
  backend_.set_disk_usage("box", 3 * kLimit, 0);
  wait_for_a_round();
  EXPECT_TRUE(runs("box"));
  backend_.set_disk_usage("box", 3 * kLimit);
  EXPECT_TRUE(is_ended("box"));
}

TEST_F(DiskWatchTest, WithoutALimitNothingIsWatched) {
  launch("box", 100 * kLimit);
  DiskWatch watch(backend_, system_clock(), null_logger(), {"ours", 0, 1ms});
  watch.stop();
  EXPECT_TRUE(runs("box"));
}

}  // namespace
}  // namespace ottobot::worker
