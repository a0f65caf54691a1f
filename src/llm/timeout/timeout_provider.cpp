#include <system_error>

#include "llm/timeout/watchman.hpp"
#include "ottobot/llm/timeout.hpp"

namespace ottobot {
namespace {

using llm::Watchman;

// Everything that is heard is a sign of life.
class ListeningSink final : public DeltaSink {
 public:
  ListeningSink(DeltaSink& sink, Watchman::Watch& watch) : sink_(sink), watch_(watch) {}

  void on_text(std::string_view text) override {
    watch_.touch();
    sink_.on_text(text);
  }
  void on_thinking(std::string_view text) override {
    watch_.touch();
    sink_.on_thinking(text);
  }
  void on_reset() override {
    watch_.touch();
    sink_.on_reset();
  }
  void on_retry(const Error& error, std::chrono::milliseconds delay) override {
    watch_.touch();
    sink_.on_retry(error, delay);
  }
  void on_activity() override {
    watch_.touch();
    sink_.on_activity();
  }

 private:
  DeltaSink& sink_;
  Watchman::Watch& watch_;
};

// As opposed to having failed by itself. A time-out of its own may go off in the same moment as ours.
bool was_ended(const Error& error) {
  return error.code == ErrorCode::cancelled || error.code == ErrorCode::deadline_exceeded;
}

std::string seconds_text(std::chrono::milliseconds duration) {
  if (duration < std::chrono::seconds(1)) return std::to_string(duration.count()) + " ms";
  return std::to_string(duration.count() / 1000) + " s";
}

class TimeoutProvider final : public LlmProvider {
 public:
  TimeoutProvider(std::unique_ptr<LlmProvider> inner, LlmTimeouts timeouts, Clock& clock)
      : inner_(std::move(inner)), timeouts_(timeouts), clock_(clock), watchman_(timeouts, clock) {}

  Result<Completion> complete(const CompletionParams& params, DeltaSink& sink, const CallContext& ctx) override {
    Watchman::Watch watch(clock_);
    const std::stop_callback passed_on(ctx.stop, [&watch] { watch.stop().request_stop(); });
    ListeningSink listening(sink, watch);
    watchman_.begin(watch);
    auto completion = inner_->complete(params, listening, ctx.with_stop(watch.stop().get_token()));
    const Watchman::Alarm alarm = watchman_.end(watch);
    if (completion || alarm == Watchman::Alarm::none || !was_ended(completion.error()) || !ctx.check()) {
      return completion;
    }
    if (alarm == Watchman::Alarm::total) {
      return unavailable("the model's answer was not whole after " + seconds_text(timeouts_.total));
    }
    return unavailable("the model sent nothing for " + seconds_text(timeouts_.idle),
                       "the model's service hangs or is overloaded");
  }

  Result<ModelInfo> describe(const std::string& model, const CallContext& ctx) override {
    return inner_->describe(model, ctx);
  }

 private:
  const std::unique_ptr<LlmProvider> inner_;
  const LlmTimeouts timeouts_;
  Clock& clock_;
  Watchman watchman_;
};

}  // namespace

Result<std::unique_ptr<LlmProvider>> make_timeout_provider(std::unique_ptr<LlmProvider> inner, LlmTimeouts timeouts,
                                                           Clock& clock) {
  try {
    return std::make_unique<TimeoutProvider>(std::move(inner), timeouts, clock);
  } catch (const std::system_error& e) {
    return resource_exhausted(std::string("no thread to watch model calls: ") + e.what());
  }
}

}  // namespace ottobot
