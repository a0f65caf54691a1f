#include <algorithm>
#include <random>

#include "ottobot/llm/retry.hpp"

namespace ottobot {
namespace {

using std::chrono::milliseconds;

// Knows whether an attempt has shown anything.
class TrackingSink final : public DeltaSink {
 public:
  explicit TrackingSink(DeltaSink& sink) : sink_(sink) {}

  void on_text(std::string_view text) override {
    delivered_ = true;
    sink_.on_text(text);
  }
  void on_thinking(std::string_view text) override {
    delivered_ = true;
    sink_.on_thinking(text);
  }
  void on_reset() override {
    delivered_ = false;
    sink_.on_reset();
  }
  void on_retry(const Error& error, milliseconds delay) override { sink_.on_retry(error, delay); }
  void on_activity() override { sink_.on_activity(); }
  void reset_if_delivered() {
    if (delivered_) on_reset();
  }

 private:
  DeltaSink& sink_;
  bool delivered_ = false;
};

double system_random() {
  thread_local std::minstd_rand engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

class RetryProvider final : public LlmProvider {
 public:
  RetryProvider(std::unique_ptr<LlmProvider> inner, RetryOptions options, Clock& clock)
      : inner_(std::move(inner)), options_(std::move(options)), clock_(clock) {
    if (!options_.random) options_.random = system_random;
  }

  Result<Completion> complete(const CompletionParams& params, DeltaSink& sink, const CallContext& ctx) override {
    TrackingSink tracking(sink);
    for (int attempt = 1;; ++attempt) {
      auto completion = inner_->complete(params, tracking, ctx);
      if (completion) return completion;
      const Error& error = completion.error();
      if (!may_retry(error)) return fail(after_tries(error, attempt));
      const milliseconds delay = delay_after(error, attempt);
      // A wait that would outlast the caller: what went wrong says more than a passed deadline.
      if (attempt >= options_.max_attempts || delay >= ctx.remaining()) return fail(after_tries(error, attempt));
      tracking.reset_if_delivered();
      tracking.on_retry(error, delay);
      if (auto slept = clock_.sleep_for(delay, ctx); !slept) return fail(slept.error());
    }
  }

  Result<ModelInfo> describe(const std::string& model, const CallContext& ctx) override {
    return inner_->describe(model, ctx);
  }

 private:
  bool may_retry(const Error& error) const {
    if (error.retry_after && *error.retry_after > options_.max_told_delay) return false;
    return error.code == ErrorCode::unavailable ||
           (error.code == ErrorCode::resource_exhausted && error.retry_after.has_value());
  }

  // A caller who ended it himself knows why.
  static Error after_tries(Error error, int tries) {
    if (tries > 1 && error.code != ErrorCode::cancelled)
      error.message += " (tried " + std::to_string(tries) + " times)";
    return error;
  }

  milliseconds delay_after(const Error& error, int attempt) const {
    if (error.retry_after && *error.retry_after > milliseconds(0)) return *error.retry_after;
    milliseconds delay = options_.initial_backoff;
    for (int i = 1; i < attempt && delay < options_.max_backoff; ++i) delay *= 2;
    delay = std::min(delay, options_.max_backoff);
    const double taken = std::clamp(options_.jitter, 0.0, 1.0) * options_.random();
    return milliseconds(static_cast<std::int64_t>(static_cast<double>(delay.count()) * (1 - taken)));
  }

  const std::unique_ptr<LlmProvider> inner_;
  RetryOptions options_;
  Clock& clock_;
};

}  // namespace

std::unique_ptr<LlmProvider> make_retry_provider(std::unique_ptr<LlmProvider> inner, RetryOptions options,
                                                 Clock& clock) {
  return std::make_unique<RetryProvider>(std::move(inner), std::move(options), clock);
}

}  // namespace ottobot
