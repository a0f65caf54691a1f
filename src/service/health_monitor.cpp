#include "service/health_monitor.hpp"

namespace ottobot::service {
namespace {

constexpr std::chrono::milliseconds kInterval{1000};
constexpr std::chrono::milliseconds kPingTimeout{2000};
constexpr std::chrono::milliseconds kBackendTimeout{3000};
constexpr std::chrono::milliseconds kStale{6000};
constexpr const char* kNoSandbox = "health";  // those of sessions are named otherwise

}  // namespace

HealthMonitor::HealthMonitor(SessionStore& store, ContainerBackend& backend, const BreakerBackend& breaker,
                             bool store_is_redis, Logger& logger)
    : store_(store), backend_(backend), breaker_(breaker), store_is_redis_(store_is_redis), logger_(logger) {
  ask_store();
  thread_ = std::jthread([this](std::stop_token stop) { watch(stop); });
}

Json HealthMonitor::services() const {
  const bool launches = breaker_.admits_launches().has_value();
  std::lock_guard lock(mutex_);
  const bool fresh = std::chrono::steady_clock::now() - asked_at_ < kStale;
  const bool stored = store_answers_ && fresh;
  return {{"redis", stored || !store_is_redis_},
          {"docker", launches && backend_problem_.empty()},
          {"workers", workers_},
          {"store", stored}};
}

std::vector<std::string> HealthMonitor::problems() const {
  std::vector<std::string> problems;
  if (auto admitted = breaker_.admits_launches(); !admitted) problems.push_back(admitted.error().message);
  std::lock_guard lock(mutex_);
  for (const auto& problem : {store_problem_, backend_problem_}) {
    if (!problem.empty()) problems.push_back(problem);
  }
  return problems;
}

void HealthMonitor::set_workers(int workers) {
  std::lock_guard lock(mutex_);
  workers_ = workers;
}

void HealthMonitor::ask_store() {
  const auto pinged = store_.ping(with_timeout(kPingTimeout));
  std::lock_guard lock(mutex_);
  // One that is full can still be read.
  store_answers_ = pinged || pinged.error().code == ErrorCode::resource_exhausted;
  store_problem_ = pinged ? std::string() : "store: " + pinged.error().message;
  asked_at_ = std::chrono::steady_clock::now();
}

// Whether a sandbox is there that cannot be is the cheapest question that every backend answers.
void HealthMonitor::ask_backend(const std::stop_token& stop) {
  const auto asked = backend_.inspect(kNoSandbox, with_timeout(kBackendTimeout).with_stop(stop));
  if (stop.stop_requested()) return;
  std::string problem;
  if (!asked && asked.error().code != ErrorCode::not_found) {
    problem = asked.error().code == ErrorCode::deadline_exceeded ? "sandboxes: their backend does not answer in time"
                                                                 : "sandboxes: their backend cannot be reached";
  }
  std::lock_guard lock(mutex_);
  // Everybody may see the problems; where the engine is, and what it says, is for the log.
  if (!problem.empty() && problem != backend_problem_) logger_.warn(problem, {{"error", asked.error().to_string()}});
  backend_problem_ = std::move(problem);
}

void HealthMonitor::watch(std::stop_token stop) {
  while (!stop.stop_requested()) {
    ask_backend(stop);
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, stop, kInterval, [] { return false; });
    }
    if (!stop.stop_requested()) ask_store();
  }
}

}  // namespace ottobot::service
