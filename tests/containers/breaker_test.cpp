#include "ottobot/containers/breaker.hpp"

#include <gtest/gtest.h>

#include "ottobot/testing/container_backend_contract.hpp"
#include "ottobot/testing/fake_container_backend.hpp"
#include "ottobot/testing/manual_clock.hpp"
#include "ottobot/testing/results.hpp"

namespace ottobot::testing {
namespace {

ContainerBackendSubject breaker_subject() {
  return {"breaker", [host = make_fake_container_host()]() -> std::unique_ptr<ContainerBackend> {
            FakeContainerOptions options;
            options.host = host;
            return make_breaker_backend(std::make_unique<FakeContainerBackend>(std::move(options)), {}, system_clock());
          }};
}

INSTANTIATE_TEST_SUITE_P(Breaker, ContainerBackendContract, ::testing::Values(breaker_subject()));

class BreakerTest : public ::testing::Test {
 protected:
  BreakerTest() {
    auto fake = std::make_unique<FakeContainerBackend>();
    fake_ = fake.get();
    breaker_ = make_breaker_backend(std::move(fake), {3, std::chrono::seconds(10)}, clock_);
  }

  Result<Sandbox> launch(const std::string& name) {
    LaunchParams params;
    params.name = name;
    return breaker_->launch(
        params, [](int, const std::string&) {}, CallContext{});
  }
  void fail_launches(int times, const Error& error = unavailable("the engine is down").value()) {
    fake_->fail_next("launch", error, times);
    for (int n = 0; n < times; ++n) EXPECT_TRUE(failed_with(error.code, launch("failing")));
  }

  ManualClock clock_;
  FakeContainerBackend* fake_ = nullptr;
  std::unique_ptr<BreakerBackend> breaker_;
};

TEST_F(BreakerTest, RefusesLaunchesOnceEnoughHaveFailedInARow) {
  fail_launches(3);
  const auto refused = launch("a");
  ASSERT_TRUE(failed_with(ErrorCode::unavailable, refused));
  EXPECT_EQ(refused.error().message.find("the engine is down"), std::string::npos) << refused.error().message;
  EXPECT_EQ(refused.error().retry_after, std::chrono::seconds(10));
  EXPECT_FALSE(refused.error().hint.empty());
  EXPECT_EQ(fake_->starts("a"), 0);
  EXPECT_TRUE(failed_with(ErrorCode::unavailable, breaker_->admits_launches()));
}

TEST_F(BreakerTest, ASuccessBetweenFailuresStartsTheCountAgain) {
  fail_launches(2);
  EXPECT_TRUE(succeeded(launch("a")));
  fail_launches(2);
  EXPECT_TRUE(succeeded(launch("b")));
}

TEST_F(BreakerTest, AnAnswerThatSaysNoIsNoFailure) {
  fail_launches(5, not_found("no such image").value());
  for (int n = 0; n < 5; ++n) EXPECT_TRUE(failed_with(ErrorCode::not_found, breaker_->inspect("none", {})));
  EXPECT_TRUE(succeeded(breaker_->admits_launches()));
  EXPECT_TRUE(succeeded(launch("a")));
}

TEST_F(BreakerTest, ATrialThatSucceedsLetsAllThroughAgain) {
  fail_launches(3);
  clock_.advance(std::chrono::seconds(10));
  EXPECT_TRUE(succeeded(breaker_->admits_launches()));
  EXPECT_TRUE(succeeded(launch("a")));
  fail_launches(2);
  EXPECT_TRUE(succeeded(launch("b")));
}

TEST_F(BreakerTest, ATrialThatFailsRefusesForAsLongOnceMore) {
  fail_launches(3);
  clock_.advance(std::chrono::seconds(10));
  fail_launches(1);
  clock_.advance(std::chrono::milliseconds(9999));
  EXPECT_TRUE(failed_with(ErrorCode::unavailable, breaker_->admits_launches()));
  clock_.advance(std::chrono::milliseconds(1));
  EXPECT_TRUE(succeeded(launch("a")));
}

TEST_F(BreakerTest, ATrialThatItsCallerGaveUpDecidesNothing) {
  fail_launches(3);
  clock_.advance(std::chrono::seconds(10));
  fail_launches(1, cancelled().value());
  EXPECT_TRUE(succeeded(launch("a")));
}

TEST_F(BreakerTest, OneTrialAtATime) {
  auto inner = FakeContainerOptions{};
  BreakerBackend* outer = nullptr;
  bool fails = true;
  inner.on_launch = [&](const LaunchParams&, const CallContext&) -> Result<void> {
    if (fails) return unavailable("the engine is down");
    EXPECT_TRUE(failed_with(ErrorCode::unavailable, outer->admits_launches()));
    return {};
  };
  const auto breaker = make_breaker_backend(std::make_unique<FakeContainerBackend>(std::move(inner)),
                                            {1, std::chrono::seconds(10)}, clock_);
  outer = breaker.get();
  LaunchParams params;
  params.name = "a";
  const auto launched = [&] {
    return breaker->launch(
        params, [](int, const std::string&) {}, CallContext{});
  };
  EXPECT_TRUE(failed_with(ErrorCode::unavailable, launched()));
  fails = false;
  clock_.advance(std::chrono::seconds(10));
  EXPECT_TRUE(succeeded(launched()));
  EXPECT_TRUE(succeeded(breaker->admits_launches()));
}

TEST_F(BreakerTest, SandboxesThatRunAreServedWhileLaunchesAreRefused) {
  EXPECT_TRUE(succeeded(launch("old")));
  fail_launches(3);
  EXPECT_TRUE(succeeded(launch("old")));
  EXPECT_TRUE(succeeded(breaker_->inspect("old", {})));
  EXPECT_TRUE(failed_with(ErrorCode::unavailable, launch("new")));
}

TEST_F(BreakerTest, AnEngineThatDoesNotAnswerIsNotAskedAgainForAWhile) {
  fake_->fail_next("list", deadline_exceeded().value(), 3);
  for (int n = 0; n < 3; ++n) EXPECT_FALSE(breaker_->list({}, {}));
  EXPECT_TRUE(failed_with(ErrorCode::unavailable, breaker_->inspect("any", {})));
  EXPECT_TRUE(failed_with(ErrorCode::unavailable, breaker_->admits_launches()));
  clock_.advance(std::chrono::seconds(10));
  EXPECT_TRUE(succeeded(breaker_->list({}, {})));
  EXPECT_TRUE(succeeded(breaker_->admits_launches()));
}

}  // namespace
}  // namespace ottobot::testing
