#include "worker/lease_keeper.hpp"

namespace ottobot::worker {
namespace {

// In the time of a lease. It is renewed at every second, tried again at each after that, and given up after the ninth:
// by the eleventh at the latest, when two of them are lost to waiting.
constexpr int kLooks = 12;
constexpr int kRenewAt = 2, kGiveUpAt = 9;

}  // namespace

LeaseKeeper::LeaseKeeper(SessionStore& store, Logger& logger, std::chrono::milliseconds ttl)
    : store_(store), logger_(logger), ttl_(ttl), thread_([this](const std::stop_token& stop) { run(stop); }) {}

LeaseKeeper::~LeaseKeeper() = default;

LeaseKeeper::Held::Held(LeaseKeeper& keeper, Lease lease, SteadyTime asked_at)
    : keeper_(keeper), lease_(std::move(lease)), renewed_at_(asked_at) {
  std::lock_guard lock(keeper_.mutex_);
  keeper_.held_.push_back(this);
}

LeaseKeeper::Held::~Held() {
  {
    std::lock_guard lock(keeper_.mutex_);
    keeper_.held_.remove(this);
  }
  (void)keeper_.store_.release_lease(lease_, with_timeout(keeper_.ttl_));
}

void LeaseKeeper::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    renew_all();
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, ttl_ / kLooks, [] { return false; });
  }
}

// One deadline for all of them: a store that hangs does so for the last one, too.
void LeaseKeeper::renew_all() {
  const CallContext ctx = with_timeout(ttl_ / kLooks);
  std::lock_guard lock(mutex_);
  for (Held* held : held_) renew(*held, ctx);
}

void LeaseKeeper::renew(Held& held, const CallContext& ctx) {
  if (held.lost_.stop_requested()) return;
  // Counted from before the call: the store's own count can only end later.
  const SteadyTime asked_at = std::chrono::steady_clock::now();
  if (asked_at < held.renewed_at_ + ttl_ * kRenewAt / kLooks) return;
  auto renewed = store_.renew_lease(held.lease_, ttl_, ctx);
  if (renewed) {
    held.renewed_at_ = asked_at;
    return;
  }
  const bool fenced = renewed.error().code == ErrorCode::fenced;
  const bool too_late = std::chrono::steady_clock::now() >= held.renewed_at_ + ttl_ * kGiveUpAt / kLooks;
  if (!fenced && !too_late) return;
  logger_.warn("lost a session's lease", {{"session", held.lease_.session_id}, {"error", renewed.error().to_string()}});
  held.lost_.request_stop();
}

}  // namespace ottobot::worker
