#include "session/worker_roster.hpp"

#include <algorithm>

#include "ottobot/session/session_service.hpp"

namespace ottobot::session {
namespace {

constexpr std::chrono::milliseconds kFresh{500};
constexpr std::chrono::milliseconds kAskTimeout{2000};
constexpr double kMostOverMean = 1.25;
constexpr std::string_view kWorkerQueue = "worker:";

// FNV-1a, finished as SplitMix64 does: the same in every process.
std::uint64_t weight(const std::string& worker_id, const std::string& session_id) {
  std::uint64_t hash = 14695981039346656037ull;
  for (const char c : worker_id + "/" + session_id) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ull;
  }
  hash ^= hash >> 30;
  hash *= 0xbf58476d1ce4e5b9ull;
  hash ^= hash >> 27;
  hash *= 0x94d049bb133111ebull;
  return hash ^ (hash >> 31);
}

using Candidates = std::vector<const WorkerRecord*>;

const WorkerRecord* heaviest(const Candidates& candidates, const std::string& session_id) {
  const auto lighter = [&](const WorkerRecord* a, const WorkerRecord* b) {
    return weight(a->id, session_id) < weight(b->id, session_id);
  };
  const auto found = std::max_element(candidates.begin(), candidates.end(), lighter);
  return found == candidates.end() ? nullptr : *found;
}

// Those that have room and no more to do than their share, or all when there are none such.
Candidates with_room(const Candidates& candidates) {
  double running = 1;
  for (const WorkerRecord* worker : candidates) running += worker->running;
  const double bound = running / static_cast<double>(candidates.size()) * kMostOverMean;
  Candidates roomy;
  std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(roomy), [&](const WorkerRecord* worker) {
    return worker->running < worker->capacity && worker->running + 1 <= std::max(bound, 1.0);
  });
  return roomy.empty() ? candidates : roomy;
}

// Those that live, on the session's host if there are any there.
Candidates candidates_for(const std::vector<WorkerRecord>& workers, const SessionRow& row) {
  Candidates live, on_host;
  for (const WorkerRecord& worker : workers) {
    if (!worker.alive) continue;
    live.push_back(&worker);
    if (!row.host_id.empty() && worker.host_id == row.host_id) on_host.push_back(&worker);
  }
  return on_host.empty() ? live : on_host;
}

}  // namespace

std::string queue_of_worker(const std::string& worker_id) { return std::string(kWorkerQueue) + worker_id; }

std::optional<std::string> worker_of_queue(const std::string& queue) {
  if (!queue.starts_with(kWorkerQueue)) return std::nullopt;
  return queue.substr(kWorkerQueue.size());
}

const WorkerRecord* home_of(const std::vector<WorkerRecord>& workers, const SessionRow& row) {
  const Candidates candidates = candidates_for(workers, row);
  for (const WorkerRecord* worker : candidates) {
    if (worker->id == row.worker_id) return worker;
  }
  return heaviest(candidates, row.id);
}

const WorkerRecord* choose_worker(const std::vector<WorkerRecord>& workers, const SessionRow& row) {
  const Candidates candidates = candidates_for(workers, row);
  for (const WorkerRecord* worker : candidates) {
    if (worker->id == row.worker_id && worker->running < worker->capacity) return worker;
  }
  return candidates.empty() ? nullptr : heaviest(with_room(candidates), row.id);
}

std::string WorkerRoster::queue_for(const SessionRow& row, const CallContext& ctx) {
  const auto known = workers(ctx);
  const WorkerRecord* worker = choose_worker(known, row);
  return worker != nullptr ? queue_of_worker(worker->id) : kSharedQueue;
}

std::optional<WorkerRecord> WorkerRoster::home_of(const SessionRow& row, const CallContext& ctx) {
  const auto known = workers(ctx);
  const WorkerRecord* worker = session::home_of(known, row);
  return worker != nullptr ? std::optional<WorkerRecord>(*worker) : std::nullopt;
}

std::vector<WorkerRecord> WorkerRoster::workers(const CallContext& ctx) {
  const std::unique_lock turn(asking_, std::try_to_lock);
  {
    const std::lock_guard lock(mutex_);
    if (!turn.owns_lock() || (asked_at_ && clock_.steady_now() - *asked_at_ < kFresh)) return known_;
  }
  auto asked = queue_.workers(ctx.within(kAskTimeout));
  const std::lock_guard lock(mutex_);
  if (asked) known_ = std::move(*asked);
  asked_at_ = clock_.steady_now();
  return known_;
}

void WorkerRoster::refresh() {
  const std::lock_guard lock(mutex_);
  asked_at_.reset();
}

}  // namespace ottobot::session
