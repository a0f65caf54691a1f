#include "api/rate_limit.hpp"

#include <algorithm>
#include <cmath>

namespace ottobot::api {

using std::chrono::milliseconds;

milliseconds RateLimit::take(const std::string& name) {
  if (per_minute_ == 0) return {};
  std::lock_guard lock(mutex_);
  Bucket& bucket = bucket_of(name);
  if (bucket.tokens < 1) return time_until_one(bucket.tokens);
  bucket.tokens -= 1;
  return {};
}

milliseconds RateLimit::wait_of(const std::string& name) {
  if (per_minute_ == 0) return {};
  std::lock_guard lock(mutex_);
  const auto known = by_name_.find(name);
  if (known == by_name_.end()) return {};
  const double tokens = filled(*known->second);
  return tokens < 1 ? time_until_one(tokens) : milliseconds{};
}

std::size_t RateLimit::names() const {
  std::lock_guard lock(mutex_);
  return buckets_.size();
}

double RateLimit::filled(const Bucket& bucket) const {
  const std::chrono::duration<double> since = clock_.steady_now() - bucket.counted_at;
  return std::min<double>(per_minute_, bucket.tokens + since.count() * per_minute_ / 60);
}

milliseconds RateLimit::time_until_one(double tokens) const {
  return milliseconds(static_cast<std::int64_t>(std::ceil((1 - tokens) * 60'000 / per_minute_)));
}

RateLimit::Bucket& RateLimit::bucket_of(const std::string& name) {
  const auto known = by_name_.find(name);
  if (known == by_name_.end()) {
    forget_old();
    buckets_.push_front({name, static_cast<double>(per_minute_), clock_.steady_now()});
    by_name_.emplace(name, buckets_.begin());
  } else {
    buckets_.splice(buckets_.begin(), buckets_, known->second);
    buckets_.front().tokens = filled(buckets_.front());
    buckets_.front().counted_at = clock_.steady_now();
  }
  return buckets_.front();
}

// Two at the end for each new one, so that no call pays for all.
void RateLimit::forget_old() {
  for (int i = 0; i < 2 && !buckets_.empty(); ++i) {
    const Bucket& oldest = buckets_.back();
    if (buckets_.size() < max_names_ && filled(oldest) < per_minute_) return;
    by_name_.erase(oldest.name);
    buckets_.pop_back();
  }
}

}  // namespace ottobot::api
