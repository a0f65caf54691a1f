// Waits for something that the kernel does not announce.
#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

#include "ottobot/call_context.hpp"

namespace ottobot::containers {

// Asks again after a twentieth of the time waited so far, 0.2 to 10 ms: what comes soon is seen soon. Errors:
// cancelled, deadline_exceeded.
template <class Condition>
Result<void> wait_until(Condition&& met, const CallContext& ctx) {
  constexpr std::chrono::nanoseconds kShortest = std::chrono::microseconds(200),
                                     kLongest = std::chrono::milliseconds(10);
  const auto start = std::chrono::steady_clock::now();
  while (!met()) {
    if (auto more = ctx.check(); !more) return more;
    const std::chrono::nanoseconds waited = std::chrono::steady_clock::now() - start;
    std::this_thread::sleep_for(std::clamp(waited / 20, kShortest, kLongest));
  }
  return {};
}

}  // namespace ottobot::containers
