#include "ottobot/llm/timeout.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "ottobot/testing/manual_clock.hpp"
#include "ottobot/testing/recording_delta_sink.hpp"

namespace ottobot::testing {
namespace {

using namespace std::chrono_literals;

// Does what it is told while a call lasts, and ends with it or with its stop.
class Obedient final : public LlmProvider {
 public:
  enum class Do { nothing, speak, tick, answer, fail };

  Result<Completion> complete(const CompletionParams&, DeltaSink& sink, const CallContext& ctx) override {
    while (true) {
      Do what = Do::nothing;
      {
        std::unique_lock lock(mutex_);
        if (!changed_.wait(lock, ctx.stop, [&] { return todo_ != Do::nothing; })) return fail(when_stopped);
        what = todo_;
      }
      if (what == Do::speak) sink.on_text("word");
      if (what == Do::tick) sink.on_activity();
      {
        std::lock_guard lock(mutex_);
        todo_ = Do::nothing;
        changed_.notify_all();
      }
      if (what == Do::answer) return Completion{};
      if (what == Do::fail) return invalid_argument("refused");
    }
  }
  Result<ModelInfo> describe(const std::string& model, const CallContext&) override { return ModelInfo{model}; }

  Error when_stopped = cancelled().value();

  // Returns when it is done.
  void command(Do what) {
    std::unique_lock lock(mutex_);
    todo_ = what;
    changed_.notify_all();
    changed_.wait(lock, [&] { return todo_ == Do::nothing; });
  }

 private:
  std::mutex mutex_;  // guards todo_
  std::condition_variable_any changed_;
  Do todo_ = Do::nothing;
};

class TimeoutTest : public ::testing::Test {
 protected:
  using Do = Obedient::Do;

  void begin(LlmTimeouts timeouts, const CallContext& ctx = {}) {
    auto inner = std::make_unique<Obedient>();
    model_ = inner.get();
    provider_ = std::move(*make_timeout_provider(std::move(inner), timeouts, clock_));
    caller_ = std::thread([this, ctx] { done_ = provider_->complete({}, sink_, ctx); });
    while (clock_.sleepers() == 0) std::this_thread::yield();
  }
  // Time passes for the watchman: he wakes, looks and sleeps again.
  void advance(std::chrono::milliseconds duration) {
    clock_.advance(duration);
    while (clock_.sleepers() == 0) std::this_thread::yield();
  }
  const Result<Completion>& end() {
    caller_.join();
    return done_;
  }

  ManualClock clock_;
  RecordingDeltaSink sink_;
  std::unique_ptr<LlmProvider> provider_;
  Obedient* model_ = nullptr;
  std::thread caller_;
  Result<Completion> done_;
};

TEST_F(TimeoutTest, SilenceIsUnavailable) {
  begin({10s, 100s});
  advance(10s);
  const auto& done = end();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::unavailable);
  EXPECT_EQ(done.error().message, "the model sent nothing for 10 s");
}

TEST_F(TimeoutTest, ATimeoutOfTheModelsOwnInTheSameMomentIsNoOther) {
  begin({10s, 100s});
  model_->when_stopped = deadline_exceeded("mine").value();
  advance(10s);
  EXPECT_EQ(end().error().code, ErrorCode::unavailable);
}

TEST_F(TimeoutTest, EverySignOfLifeCounts) {
  begin({10s, 100s});
  for (const Do sign : {Do::speak, Do::tick, Do::tick, Do::speak}) {
    advance(9s);
    model_->command(sign);
  }
  model_->command(Do::answer);
  EXPECT_TRUE(end());
}

TEST_F(TimeoutTest, AnAnswerThatNeverEndsIsUnavailable) {
  begin({10s, 30s});
  for (int i = 0; i < 5; ++i) {
    model_->command(Do::tick);
    advance(6s);
  }
  const auto& done = end();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "the model's answer was not whole after 30 s");
}

TEST_F(TimeoutTest, ZeroIsNoLimit) {
  begin({0s, 0s});
  advance(24h * 30);
  model_->command(Do::answer);
  EXPECT_TRUE(end());
}

TEST_F(TimeoutTest, WhatTheModelSaysItselfIsPassedOn) {
  begin({10s, 100s});
  model_->command(Do::fail);
  EXPECT_EQ(end().error().code, ErrorCode::invalid_argument);
}

TEST_F(TimeoutTest, TheCallersStopIsCancelledAndNoTimeout) {
  std::stop_source stop;
  begin({10s, 100s}, CallContext{}.with_stop(stop.get_token()));
  stop.request_stop();
  EXPECT_EQ(end().error().code, ErrorCode::cancelled);
}

TEST_F(TimeoutTest, OneThreadWatchesManyCallsAndEndsWithTheProvider) {
  provider_ = std::move(*make_timeout_provider(std::make_unique<Obedient>(), {10s, 100s}, clock_));
  std::vector<std::thread> callers;
  std::atomic<int> silent{0};
  std::atomic<int> begun{0};
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      RecordingDeltaSink sink;
      ++begun;
      auto done = provider_->complete({}, sink, {});
      if (!done && done.error().code == ErrorCode::unavailable) ++silent;
    });
  }
  while (begun < 8 || clock_.sleepers() == 0) std::this_thread::yield();
  // A call that began after the first look is due later.
  while (silent < 8) {
    clock_.advance(1s);
    std::this_thread::yield();
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_LE(clock_.sleepers(), 1);
  provider_.reset();
  EXPECT_EQ(clock_.sleepers(), 0);
}

}  // namespace
}  // namespace ottobot::testing
