#include "service/health_monitor.hpp"

namespace ottobot::service {
namespace {

constexpr std::chrono::milliseconds kInterval{1000};
constexpr std::chrono::milliseconds kPingTimeout{2000};
constexpr std::chrono::milliseconds kStale{6000};

}  // namespace

HealthMonitor::HealthMonitor(SessionStore& store, const BreakerBackend& backend, bool store_is_redis)
    : store_(store), backend_(backend), store_is_redis_(store_is_redis) {
  ask();
  thread_ = std::jthread([this](std::stop_token stop) { watch(stop); });
}

Json HealthMonitor::services() const {
  const bool launches = backend_.admits_launches().has_value();
  std::lock_guard lock(mutex_);
  const bool fresh = std::chrono::steady_clock::now() - asked_at_ < kStale;
  const bool stored = store_answers_ && fresh;
  return {{"redis", stored || !store_is_redis_}, {"docker", launches}, {"workers", workers_}, {"store", stored}};
}

std::vector<std::string> HealthMonitor::problems() const {
  std::vector<std::string> problems;
  if (auto admitted = backend_.admits_launches(); !admitted) problems.push_back(admitted.error().message);
  std::lock_guard lock(mutex_);
  if (!store_problem_.empty()) problems.push_back(store_problem_);
  return problems;
}

void HealthMonitor::set_workers(int workers) {
  std::lock_guard lock(mutex_);
  workers_ = workers;
}

void HealthMonitor::ask() {
  const auto pinged = store_.ping(with_timeout(kPingTimeout));
  std::lock_guard lock(mutex_);
  // One that is full can still be read.
  store_answers_ = pinged || pinged.error().code == ErrorCode::resource_exhausted;
  store_problem_ = pinged ? std::string() : "store: " + pinged.error().message;
  asked_at_ = std::chrono::steady_clock::now();
}

void HealthMonitor::watch(std::stop_token stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, stop, kInterval, [] { return false; });
    }
    if (!stop.stop_requested()) ask();
  }
}

}  // namespace ottobot::service
