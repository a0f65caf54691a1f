#include "worker/warm_pool.hpp"

#include <algorithm>
#include <vector>

#include "ottobot/ids.hpp"
#include "worker/session_runner.hpp"

namespace ottobot::worker {
namespace {

constexpr std::size_t kMaxKinds = 4;
constexpr std::chrono::milliseconds kRemoveTimeout{20000};
constexpr std::chrono::milliseconds kPauseTimeout{5000};
constexpr std::chrono::seconds kAfterFailure{30};
// A session that takes a spare is stored within the time of a store call.
constexpr std::chrono::seconds kUntilStored{60};

}  // namespace

WarmPool::WarmPool(ContainerBackend& backend, Clock& clock, Logger& logger, WarmPoolOptions options)
    : backend_(backend), clock_(clock), logger_(logger), options_(std::move(options)) {
  if (options_.size <= 0) return;
  shelves_[{"", options_.default_environment}].wanted_at = clock_.steady_now();
  thread_ = std::jthread([this](const std::stop_token& stop) { refill(stop); });
}

std::optional<std::string> WarmPool::take(const std::string& image, const std::string& environment) {
  std::lock_guard lock(mutex_);
  if (options_.size <= 0 || draining_) return std::nullopt;
  const SteadyTime now = clock_.steady_now();
  Shelf& shelf = shelves_[{image, environment}];
  shelf.wanted_at = now;
  shelf.not_before = std::max(shelf.not_before, now + options_.refill_delay);
  asked_ = true;
  changed_.notify_all();
  if (shelf.ready.empty()) return std::nullopt;
  std::string id = std::move(shelf.ready.front());
  shelf.ready.pop_front();
  held_.erase(id);
  taken_[id] = now;
  return id;
}

bool WarmPool::holds(const std::string& session_id) {
  std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.steady_now();
  std::erase_if(taken_, [&](const auto& taken) { return now - taken.second > kUntilStored; });
  return held_.count(session_id) > 0 || taken_.count(session_id) > 0;
}

int WarmPool::ready() const {
  std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto& [kind, shelf] : shelves_) count += shelf.ready.size();
  return static_cast<int>(count);
}

void WarmPool::drain(std::chrono::milliseconds patience) {
  const CallContext ctx = with_timeout(patience);
  {
    std::lock_guard lock(mutex_);
    draining_ = true;
  }
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  std::vector<std::string> left;
  {
    std::lock_guard lock(mutex_);
    left.assign(held_.begin(), held_.end());
    shelves_.clear();
  }
  for (const std::string& id : left) remove(id, ctx.within(kRemoveTimeout));
}

void WarmPool::refill(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    forget_unwanted();
    std::optional<Kind> kind;
    {
      std::unique_lock lock(mutex_);
      SteadyTime wake_at = SteadyTime::max();
      kind = next_to_fill(clock_.steady_now(), wake_at);
      if (!kind) {
        // The wake-up is by the machine's own clock: a manual one does not move by itself.
        const auto pause = wake_at == SteadyTime::max() ? std::chrono::hours(1) : wake_at - clock_.steady_now();
        changed_.wait_for(lock, stop, pause, [this] { return asked_; });
        asked_ = false;
        continue;
      }
    }
    start_spare(*kind, stop);
  }
}

// The one that was wanted last comes first. `mutex_` is held.
std::optional<WarmPool::Kind> WarmPool::next_to_fill(SteadyTime now, SteadyTime& wake_at) {
  const Shelf* latest = nullptr;
  std::optional<Kind> kind;
  for (const auto& [each, shelf] : shelves_) {
    if (shelf.ready.size() >= static_cast<std::size_t>(options_.size)) continue;
    if (shelf.not_before > now) {
      wake_at = std::min(wake_at, shelf.not_before);
    } else if (latest == nullptr || shelf.wanted_at > latest->wanted_at) {
      latest = &shelf;
      kind = each;
    }
  }
  return kind;
}

void WarmPool::start_spare(const Kind& kind, const std::stop_token& stop) {
  const std::string id = new_id();
  {
    std::lock_guard lock(mutex_);
    held_.insert(id);
  }
  const auto started = launch(id, kind, with_timeout(options_.launch_timeout).with_stop(stop));
  if (!started) remove(id, with_timeout(kRemoveTimeout));
  std::lock_guard lock(mutex_);
  Shelf& shelf = shelves_[kind];
  shelf.failing = !started;
  if (started) return shelf.ready.push_back(id);
  shelf.not_before = clock_.steady_now() + kAfterFailure;
  if (stop.stop_requested()) return;
  logger_.warn("no spare sandbox",
               {{"image", kind.image}, {"environment", kind.environment}, {"error", started.error().to_string()}});
}

Result<void> WarmPool::launch(const std::string& session_id, const Kind& kind, const CallContext& ctx) {
  auto sandbox = backend_.launch(options_.launch_params(session_id, kind.image, kind.environment), nullptr, ctx);
  if (!sandbox) return fail(sandbox.error());
  // One that cannot be paused waits awake.
  (void)backend_.pause(sandbox->name, ctx.within(kPauseTimeout));
  return {};
}

void WarmPool::forget_unwanted() {
  std::vector<std::string> unwanted;
  {
    std::lock_guard lock(mutex_);
    while (shelves_.size() > kMaxKinds) {
      const auto oldest = std::min_element(shelves_.begin(), shelves_.end(), [](const auto& a, const auto& b) {
        return std::tie(b.second.failing, a.second.wanted_at) < std::tie(a.second.failing, b.second.wanted_at);
      });
      unwanted.insert(unwanted.end(), oldest->second.ready.begin(), oldest->second.ready.end());
      shelves_.erase(oldest);
    }
  }
  for (const std::string& id : unwanted) remove(id, with_timeout(kRemoveTimeout));
}

void WarmPool::remove(const std::string& session_id, const CallContext& ctx) {
  auto removed = backend_.remove(sandbox_name(session_id), ctx);
  if (!removed) logger_.warn("a spare sandbox was not removed", {{"error", removed.error().to_string()}});
  std::lock_guard lock(mutex_);
  held_.erase(session_id);
}

}  // namespace ottobot::worker
