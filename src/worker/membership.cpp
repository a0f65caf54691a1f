#include "worker/membership.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace ottobot::worker {
namespace {

constexpr std::chrono::milliseconds kInterval{400};
constexpr std::chrono::milliseconds kTtl{2000};
constexpr std::chrono::milliseconds kTimeout{2000};

}  // namespace

Membership::Membership(SessionStore& store, Queue& queue, session::WorkerRoster& roster, Logger& logger,
                       std::function<WorkerRecord()> describe)
    : store_(store), queue_(queue), roster_(roster), logger_(logger), describe_(std::move(describe)) {}

void Membership::join() {
  announce_once();
  thread_ = std::jthread([this](const std::stop_token& stop) { announce(stop); });
}

void Membership::leave() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  const std::string id = describe_().id;
  const CallContext ctx = with_timeout(kTimeout);
  if (auto gone = queue_.withdraw_worker(id, ctx); !gone) {
    logger_.warn("could not sign this worker off", {{"error", gone.error().to_string()}});
  }
  roster_.refresh();
  move_jobs(id, ctx);
}

bool Membership::somebody_may_have_gone(const CallContext& ctx) {
  const auto workers = queue_.workers(ctx);
  if (!workers) {
    out_of_reach_ = true;
    return false;
  }
  std::set<std::string> living;
  for (const WorkerRecord& worker : *workers) {
    if (worker.alive) living.insert(worker.id);
  }
  const bool gone = !std::includes(living.begin(), living.end(), living_.begin(), living_.end());
  living_ = std::move(living);
  return std::exchange(out_of_reach_, false) || gone;
}

void Membership::bury_dead(const CallContext& ctx) {
  const std::string own = describe_().id;
  for (const WorkerRecord& worker : roster_.workers(ctx)) {
    if (worker.alive || worker.id == own) continue;
    logger_.warn("a worker is gone", {{"worker", worker.id}, {"host", worker.host_id}});
    move_jobs(worker.id, ctx);
    (void)queue_.withdraw_worker(worker.id, ctx);
    roster_.refresh();
  }
}

Result<void> Membership::push(const std::string& session_id, const CallContext& ctx) {
  auto row = store_.get_session(session_id, ctx);
  if (!row) return fail(row.error());
  if (!row->pending) return {};
  auto pushed = queue_.push({roster_.queue_for(*row, ctx), session_id, {}}, ctx);
  if (!pushed) return fail(pushed.error());
  return {};
}

void Membership::announce(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    wake.wait_for(lock, stop, kInterval, [] { return false; });
    if (!stop.stop_requested()) announce_once();
  }
}

void Membership::announce_once() {
  auto announced = queue_.announce_worker(describe_(), kTtl, with_timeout(kInterval));
  if (!announced) logger_.debug("could not announce this worker", {{"error", announced.error().to_string()}});
}

// What is lost between the two steps, the reconciler pushes again: it is in the store.
void Membership::move_jobs(const std::string& worker_id, const CallContext& ctx) {
  auto jobs = queue_.drain(session::queue_of_worker(worker_id), ctx);
  if (!jobs) return;
  for (const std::string& id : *jobs) (void)push(id, ctx);
}

}  // namespace ottobot::worker
