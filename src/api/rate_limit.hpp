// RateLimit: a token bucket for each of many names (users, addresses). Thread-safe.
//
// A bucket holds a minute's worth and fills evenly. Buckets that are full again are forgotten; of more than the bound,
// the one that was used longest ago goes first.
#pragma once

#include <chrono>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "ottobot/clock.hpp"

namespace ottobot::api {

class RateLimit {
 public:
  // `per_minute` 0 = no limit. `clock` is borrowed.
  RateLimit(int per_minute, Clock& clock, std::size_t max_names = 10'000)
      : per_minute_(per_minute), clock_(clock), max_names_(max_names) {}

  // Takes one token. Zero when there was one, else how long until there is.
  std::chrono::milliseconds take(const std::string& name);
  // The same without taking it.
  std::chrono::milliseconds wait_of(const std::string& name);
  std::size_t names() const;

 private:
  struct Bucket {
    std::string name;
    std::int64_t credit = 0;  // in parts of a token, so that nothing is rounded
    SteadyTime counted_at{};
  };
  using Buckets = std::list<Bucket>;  // the one used last is in front

  std::int64_t filled(const Bucket& bucket) const;
  std::chrono::milliseconds time_until_token(std::int64_t credit) const;
  Bucket& bucket_of(const std::string& name);
  void forget_old();

  const int per_minute_;
  Clock& clock_;
  const std::size_t max_names_;
  mutable std::mutex mutex_;  // guards the members below
  Buckets buckets_;
  std::unordered_map<std::string, Buckets::iterator> by_name_;
};

}  // namespace ottobot::api
