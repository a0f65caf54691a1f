#include "ottobot/clock.hpp"

#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <mutex>

namespace ottobot {
namespace {

class SystemClock final : public Clock {
 public:
  UnixMillis now_ms() const override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }

  Result<void> sleep_for(std::chrono::milliseconds duration, const CallContext& ctx) override {
    std::mutex mutex;  // guards nothing: the wait needs one
    std::condition_variable_any woken;
    std::unique_lock lock(mutex);
    const SteadyTime until = std::min(std::chrono::steady_clock::now() + duration, ctx.deadline);
    woken.wait_until(lock, ctx.stop, until, [] { return false; });
    return ctx.check();
  }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

std::string to_rfc3339(UnixMillis time) {
  const UnixMillis millis = ((time % 1000) + 1000) % 1000;
  const auto seconds = static_cast<std::time_t>((time - millis) / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + length, sizeof text - length, ".%03dZ", static_cast<int>(millis));
  return text;
}

}  // namespace ottobot
