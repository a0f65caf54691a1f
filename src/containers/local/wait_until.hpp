// Waits for something that the kernel does not announce.
#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

#include "ottobot/call_context.hpp"

namespace ottobot::containers {

// Asks again after 0.2 ms, then ever more slowly up to 10 ms. Errors: cancelled, deadline_exceeded.
template <class Condition>
Result<void> wait_until(Condition&& met, const CallContext& ctx) {
  std::chrono::microseconds pause{200};
  while (!met()) {
    if (auto more = ctx.check(); !more) return more;
    std::this_thread::sleep_for(pause);
    pause = std::min<std::chrono::microseconds>(pause * 3 / 2, std::chrono::milliseconds(10));
  }
  return {};
}

}  // namespace ottobot::containers
