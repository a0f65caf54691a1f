#include "api/rate_limit.hpp"

#include <algorithm>

namespace ottobot::api {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace {

constexpr nanoseconds kMinute = std::chrono::minutes(1);
// A bucket gains per_minute in each nanosecond, so a token is worth a minute of them.
constexpr std::int64_t kToken = kMinute.count();

}  // namespace

milliseconds RateLimit::take(const std::string& name) {
  if (per_minute_ == 0) return {};
  std::lock_guard lock(mutex_);
  Bucket& bucket = bucket_of(name);
  if (bucket.credit < kToken) return time_until_token(bucket.credit);
  bucket.credit -= kToken;
  return {};
}

milliseconds RateLimit::wait_of(const std::string& name) {
  if (per_minute_ == 0) return {};
  std::lock_guard lock(mutex_);
  const auto known = by_name_.find(name);
  if (known == by_name_.end()) return {};
  const std::int64_t credit = filled(*known->second);
  return credit < kToken ? time_until_token(credit) : milliseconds{};
}

std::size_t RateLimit::names() const {
  std::lock_guard lock(mutex_);
  return buckets_.size();
}

std::int64_t RateLimit::filled(const Bucket& bucket) const {
  const auto since = std::min<nanoseconds>(clock_.steady_now() - bucket.counted_at, kMinute);
  return std::min(per_minute_ * kToken, bucket.credit + since.count() * per_minute_);
}

milliseconds RateLimit::time_until_token(std::int64_t credit) const {
  const nanoseconds missing((kToken - credit + per_minute_ - 1) / per_minute_);
  return std::chrono::ceil<milliseconds>(missing);
}

RateLimit::Bucket& RateLimit::bucket_of(const std::string& name) {
  const auto known = by_name_.find(name);
  if (known == by_name_.end()) {
    forget_old();
    buckets_.push_front({name, per_minute_ * kToken, clock_.steady_now()});
    by_name_.emplace(name, buckets_.begin());
  } else {
    buckets_.splice(buckets_.begin(), buckets_, known->second);
    buckets_.front().credit = filled(buckets_.front());
    buckets_.front().counted_at = clock_.steady_now();
  }
  return buckets_.front();
}

// Two at the end for each new one, so that no call pays for all.
void RateLimit::forget_old() {
  for (int i = 0; i < 2 && !buckets_.empty(); ++i) {
    const Bucket& oldest = buckets_.back();
    if (buckets_.size() < max_names_ && filled(oldest) < per_minute_ * kToken) return;
    by_name_.erase(oldest.name);
    buckets_.pop_back();
  }
}

}  // namespace ottobot::api
