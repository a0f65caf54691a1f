// Time-outs over any LlmProvider: a call that falls silent, or never ends, is stopped and becomes an error that a retry
// may mend.
//
// Silence is the time since the sink was last told anything, on_activity() included. The inner provider is stopped by
// its stop token, so it has to heed that. One thread for all calls of the provider, joined by its destructor.
// Thread-safe as far as the inner provider is.
#pragma once

#include <chrono>
#include <memory>

#include "ottobot/clock.hpp"
#include "ottobot/llm_provider.hpp"

namespace ottobot {

struct LlmTimeouts {
  std::chrono::milliseconds idle{std::chrono::seconds(60)};   // without a sign of life: unavailable; 0 = no limit
  std::chrono::milliseconds total{std::chrono::minutes(10)};  // of one call: unavailable; 0 = no limit
};

// `clock` is borrowed and must outlive the provider. Errors: resource_exhausted (no thread).
Result<std::unique_ptr<LlmProvider>> make_timeout_provider(std::unique_ptr<LlmProvider> inner, LlmTimeouts timeouts,
                                                           Clock& clock);

}  // namespace ottobot
