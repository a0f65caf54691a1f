// Retries over any LlmProvider.
//
// Tried again: unavailable, and resource_exhausted with a retry_after that is worth waiting for. Everything else is the
// caller's to know at once. A failed attempt is taken back at once (on_reset(), if any of the answer had been
// delivered), then on_retry() says how long the wait is; a stop ends the wait. The last error says how many tries there
// were. Thread-safe as far as the inner provider is.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "ottobot/clock.hpp"
#include "ottobot/llm_provider.hpp"

namespace ottobot {

struct RetryOptions {
  int max_attempts = 5;                             // the first included
  std::chrono::milliseconds initial_backoff{1000};  // doubled per attempt; used where the vendor names no delay
  std::chrono::milliseconds max_backoff{30000};
  std::chrono::milliseconds max_told_delay{300000};  // a server that says longer is not waited for
  double jitter = 0.25;                              // share of a back-off that chance may take away, 0..1
  std::function<double()> random;                    // 0..1; empty = the system's. Called from calling threads
};

// `clock` is borrowed and must outlive the provider.
std::unique_ptr<LlmProvider> make_retry_provider(std::unique_ptr<LlmProvider> inner, RetryOptions options,
                                                 Clock& clock);

}  // namespace ottobot
