#include "service/health_monitor.hpp"

namespace ottobot::service {
namespace {

constexpr std::chrono::milliseconds kInterval{1000};
constexpr std::chrono::milliseconds kPingTimeout{2000};
constexpr std::chrono::milliseconds kStale{6000};

}  // namespace

HealthMonitor::HealthMonitor(SessionStore& store) : store_(store) {
  ask();
  thread_ = std::jthread([this](std::stop_token stop) { watch(stop); });
}

Json HealthMonitor::services() const {
  std::lock_guard lock(mutex_);
  const bool fresh = std::chrono::steady_clock::now() - asked_at_ < kStale;
  return {{"redis", true}, {"docker", true}, {"workers", workers_}, {"store", store_answers_ && fresh}};
}

void HealthMonitor::set_workers(int workers) {
  std::lock_guard lock(mutex_);
  workers_ = workers;
}

void HealthMonitor::ask() {
  const bool answers = store_.ping(with_timeout(kPingTimeout)).has_value();
  std::lock_guard lock(mutex_);
  store_answers_ = answers;
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
