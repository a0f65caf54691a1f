#include "ottobot/llm/retry.hpp"

#include <deque>

#include "ottobot/testing/manual_clock.hpp"
#include "ottobot/testing/recording_delta_sink.hpp"

namespace ottobot::testing {
namespace {

using namespace std::chrono_literals;

// Fails as it is told, then answers.
class Failing final : public LlmProvider {
 public:
  explicit Failing(std::deque<Error> errors) : errors_(std::move(errors)) {}
  Result<Completion> complete(const CompletionParams&, DeltaSink& sink, const CallContext&) override {
    ++calls;
    sink.on_text("x");
    if (errors_.empty()) return Completion{};
    Error error = errors_.front();
    errors_.pop_front();
    return fail(error);
  }
  Result<ModelInfo> describe(const std::string&, const CallContext&) override { return not_found("none"); }
  int calls = 0;

 private:
  std::deque<Error> errors_;
};

// Does not sleep, and writes down for how long it would have.
class NotingClock final : public Clock {
 public:
  UnixMillis now_ms() const override { return 0; }
  SteadyTime steady_now() const override { return {}; }
  Result<void> sleep_for(std::chrono::milliseconds duration, const CallContext& ctx) override {
    if (auto live = ctx.check(); !live) return live;
    slept.push_back(duration);
    return {};
  }
  std::vector<std::chrono::milliseconds> slept;
};

Error exhausted(std::optional<std::chrono::milliseconds> after) {
  Error error = resource_exhausted("quota").value();
  error.retry_after = after;
  return error;
}

class RetryTest : public ::testing::Test {
 protected:
  Result<Completion> run(std::deque<Error> errors, const CallContext& ctx = {}) {
    auto inner = std::make_unique<Failing>(std::move(errors));
    inner_ = inner.get();
    RetryOptions options;
    options.random = [] { return 0.5; };
    provider_ = make_retry_provider(std::move(inner), options, clock_);
    return provider_->complete({}, sink_, ctx);
  }
  NotingClock clock_;
  RecordingDeltaSink sink_;
  Failing* inner_ = nullptr;
  std::unique_ptr<LlmProvider> provider_;
};

TEST_F(RetryTest, BacksOffLongerEachTimeAndResetsTheSink) {
  const Error down = unavailable("down").value();
  ASSERT_TRUE(run({down, down, down}));
  EXPECT_THAT(clock_.slept, ::testing::ElementsAre(875ms, 1750ms, 3500ms));
  EXPECT_EQ(sink_.resets, 3);
  EXPECT_EQ(sink_.text, "x");
}

TEST_F(RetryTest, GivesUpAfterItsAttempts) {
  const Error down = unavailable("down").value();
  auto done = run({down, down, down, down, down, down});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::unavailable);
  EXPECT_EQ(inner_->calls, 5);
}

TEST_F(RetryTest, WaitsAsLongAsTheServerSays) {
  ASSERT_TRUE(run({exhausted(42s)}));
  EXPECT_THAT(clock_.slept, ::testing::ElementsAre(42s));
}

TEST_F(RetryTest, BacksOffFromALimitThatNamesNoDelay) {
  ASSERT_TRUE(run({exhausted(0s), exhausted(0s)}));
  EXPECT_THAT(clock_.slept, ::testing::ElementsAre(875ms, 1750ms));
}

TEST_F(RetryTest, SaysWhyAndHowLongItWaitsAndHowOftenItTried) {
  class Listening final : public DeltaSink {
   public:
    void on_text(std::string_view) override {}
    void on_thinking(std::string_view) override {}
    void on_reset() override { told.emplace_back("reset"); }
    void on_retry(const Error& error, std::chrono::milliseconds delay) override {
      told.push_back(error.message + " " + std::to_string(delay.count()));
    }
    std::vector<std::string> told;
  } sink;
  RetryOptions options;
  options.max_attempts = 2;
  const Error down = unavailable("down").value();
  auto provider =
      make_retry_provider(std::make_unique<Failing>(std::deque<Error>{exhausted(42s), down}), options, clock_);
  auto done = provider->complete({}, sink, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "down (tried 2 times)");
  EXPECT_THAT(sink.told, ::testing::ElementsAre("reset", "quota 42000"));
}

TEST_F(RetryTest, TheTriesBeforeAFailureThatNoRepeatMendsAreCounted) {
  const Error down = unavailable("down").value();
  EXPECT_EQ(run({down, down, permission_denied("blocked").value()}).error().message, "blocked (tried 3 times)");
  EXPECT_EQ(run({down, exhausted(6min)}).error().message, exhausted(6min).message + " (tried 2 times)");
  EXPECT_EQ(run({permission_denied("blocked").value()}).error().message, "blocked");
  EXPECT_EQ(run({down, cancelled().value()}).error().message, cancelled().value().message);
}

TEST_F(RetryTest, NeverRepeatsWhatNoRepeatCanMend) {
  for (const Error& error : {invalid_argument("x").value(), unauthenticated("x").value(), cancelled().value(),
                             deadline_exceeded().value(), exhausted(std::nullopt), exhausted(6min)}) {
    auto done = run({error});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, error.code);
    EXPECT_EQ(inner_->calls, 1);
  }
  EXPECT_TRUE(clock_.slept.empty());
}

TEST_F(RetryTest, DoesNotWaitPastTheCallersDeadline) {
  auto done = run({exhausted(42s)}, with_timeout(10s));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::resource_exhausted);
  EXPECT_TRUE(clock_.slept.empty());
}

TEST_F(RetryTest, StopEndsTheWait) {
  ManualClock clock;
  auto provider =
      make_retry_provider(std::make_unique<Failing>(std::deque<Error>{unavailable("down").value()}), {}, clock);
  std::stop_source stop;
  std::thread stopper([&] {
    while (clock.sleepers() == 0) std::this_thread::yield();
    stop.request_stop();
  });
  auto done = provider->complete({}, sink_, CallContext{}.with_stop(stop.get_token()));
  stopper.join();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace ottobot::testing
