#include "containers/docker/end_container.hpp"

#include "containers/common/wait_until.hpp"

namespace ottobot::containers {
namespace {

// A step that was begun is brought to its end, even when the caller's time is up.
constexpr std::chrono::milliseconds kEndTime{20'000};

}  // namespace

// What the engine says of a signal that comes too late differs from engine to engine; whether it still runs does not.
Result<void> end_container(const Engine& engine, const std::string& container, std::chrono::milliseconds grace,
                           const CallContext& ctx) {
  const auto is_over = [&](const CallContext& limited) {
    const auto facts = engine.inspect(container, limited);
    return facts && (!*facts || (*facts)->state == SandboxState::exited);
  };
  if (grace.count() > 0) {
    const auto asked = engine.kill(container, "SIGTERM", ctx);
    if (asked && engine.wait_ended(container, ctx.within(grace))) return {};
  }
  const CallContext late = with_timeout(kEndTime);
  if (auto killed = engine.kill(container, "SIGKILL", late); !killed) {
    if (is_over(late)) return {};
    return killed;
  }
  auto ended = engine.wait_ended(container, late);
  if (ended || is_over(late)) return {};
  return fail(ended.error());
}

Result<void> remove_container(const Engine& engine, const std::string& container, const CallContext& ctx) {
  auto removed = engine.remove(container, ctx);
  if (removed || removed.error().code != ErrorCode::conflict) return removed;
  return wait_until(
      [&] {
        auto left = engine.inspect(container, ctx);
        return left && !*left;
      },
      ctx);
}

}  // namespace ottobot::containers
