#include "service/health_monitor.hpp"

#include <algorithm>

#include "session/shared_secret.hpp"

namespace ottobot::service {
namespace {

constexpr std::chrono::milliseconds kInterval{1000};
constexpr std::chrono::milliseconds kPingTimeout{2000};
constexpr std::chrono::milliseconds kBackendTimeout{3000};
constexpr std::chrono::milliseconds kStale{6000};
constexpr const char* kNoSandbox = "health";  // those of sessions are named otherwise

}  // namespace

HealthMonitor::HealthMonitor(Parts parts, Logger& logger) : parts_(std::move(parts)), logger_(logger) {
  ask_store();
  thread_ = std::jthread([this](std::stop_token stop) { watch(stop); });
}

std::optional<Error> HealthMonitor::refusal() const {
  if (parts_.breaker == nullptr) return std::nullopt;
  auto admitted = parts_.breaker->admits_launches();
  return admitted ? std::nullopt : std::optional<Error>(std::move(admitted.error()));
}

Json HealthMonitor::services() const {
  const bool launches = !refusal();
  std::lock_guard lock(mutex_);
  const bool fresh = std::chrono::steady_clock::now() - asked_at_ < kStale;
  const bool stored = store_answers_ && fresh;
  return {{"redis", stored || !parts_.store_is_redis},
          {"docker", launches && backend_problem_.empty()},
          {"workers", workers_},
          {"store", stored}};
}

std::vector<std::string> HealthMonitor::problems() const {
  std::vector<std::string> problems;
  if (const auto refused = refusal()) problems.push_back(refused->message);
  std::lock_guard lock(mutex_);
  for (const auto& problem : {store_problem_, backend_problem_}) {
    if (!problem.empty()) problems.push_back(problem);
  }
  if (strangers_ > 0) {
    problems.push_back("workers: " + std::to_string(strangers_) + " of " + std::to_string(workers_) +
                       " have another OTTOBOT_CLUSTER_SECRET than this process");
  }
  return problems;
}

void HealthMonitor::ask_workers() {
  auto live = parts_.workers.workers(with_timeout(kPingTimeout));
  std::erase_if(live, [](const WorkerRecord& worker) { return !worker.alive; });
  std::lock_guard lock(mutex_);
  workers_ = static_cast<int>(live.size());
  watch_secrets(live);
}

// Under the lock.
void HealthMonitor::watch_secrets(const std::vector<WorkerRecord>& live) {
  strangers_ = 0;
  for (const WorkerRecord& worker : live) {
    if (session::shares_secret(worker, parts_.cluster_secret)) continue;
    ++strangers_;
    if (!told_of_.insert(worker.id).second) continue;
    logger_.warn("a worker has another OTTOBOT_CLUSTER_SECRET than this process: nothing can be handed on to it",
                 {{"worker", worker.id}, {"host", worker.host_id}, {"hint", session::kSameSecretHint}});
  }
}

void HealthMonitor::ask_store() {
  const auto pinged = parts_.store.ping(with_timeout(kPingTimeout));
  std::lock_guard lock(mutex_);
  // One that is full can still be read.
  store_answers_ = pinged || pinged.error().code == ErrorCode::resource_exhausted;
  store_problem_ = pinged ? std::string() : "store: " + pinged.error().message;
  asked_at_ = std::chrono::steady_clock::now();
}

// Whether a sandbox is there that cannot be is the cheapest question that every backend answers.
void HealthMonitor::ask_backend(const std::stop_token& stop) {
  if (parts_.backend == nullptr) return;
  const auto asked = parts_.backend->inspect(kNoSandbox, with_timeout(kBackendTimeout).with_stop(stop));
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
    if (stop.stop_requested()) return;
    ask_store();
    ask_workers();
  }
}

}  // namespace ottobot::service
