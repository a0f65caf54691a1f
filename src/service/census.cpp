#include "service/census.hpp"

#include <algorithm>

#include "ottobot/session/session_service.hpp"
#include "session/waiting_sessions.hpp"

namespace ottobot::service {
namespace {

constexpr std::chrono::milliseconds kFresh{2000};
constexpr std::chrono::milliseconds kAsking{2000};
constexpr std::size_t kMaxSandboxes = 300;

double seconds(std::int64_t milliseconds) { return static_cast<double>(milliseconds) / 1000; }

const char* to_text(SandboxState state) {
  switch (state) {
    case SandboxState::starting:
      return "starting";
    case SandboxState::running:
      return "running";
    case SandboxState::paused:
      return "paused";
    case SandboxState::exited:
      return "exited";
  }
  return "exited";
}

Json tokens_json(const Usage& usage) {
  return {{"input", usage.input_tokens},
          {"output", usage.output_tokens},
          {"cached", usage.cached_tokens},
          {"total", usage.input_tokens + usage.output_tokens}};
}

Json durations_json(const TurnTotals& turns) {
  const double total = seconds(turns.duration_ms);
  return {{"turn_seconds_total", total},
          {"turn_seconds_average", turns.turns == 0 ? 0.0 : total / static_cast<double>(turns.turns)}};
}

Json turns_json(const TurnTotals& turns) {
  return {{"turns", turns.turns},
          {"steps", turns.steps},
          {"tokens", tokens_json(turns.usage)},
          {"cost_usd", turns.usage.cost_usd},
          {"durations", durations_json(turns)}};
}

Json analytics_json(const StoreTotals& totals) {
  Json analytics = turns_json(totals.all_turns());
  for (const TurnOutcome outcome :
       {TurnOutcome::completed, TurnOutcome::stopped, TurnOutcome::failed, TurnOutcome::limit}) {
    const auto found = totals.turns.find(outcome);
    analytics["outcomes"][std::string(to_string(outcome))] = found == totals.turns.end() ? 0 : found->second.turns;
  }
  return analytics;
}

Json sandbox_json(const SandboxUse& use) {
  Json container{{"state", to_text(use.state)}};
  if (use.stats) {
    container["memory_bytes"] = use.stats->memory_bytes;
    container["cpu_seconds"] = static_cast<double>(use.stats->cpu_time_us) / 1e6;
    container["pids"] = use.stats->processes;
  }
  return {{"session_id", use.session.id},
          {"status", to_string(use.session.status)},
          {"container", std::move(container)},
          {"analytics", turns_json(use.session.turns)}};
}

}  // namespace

std::size_t Snapshot::active_sessions() const {
  std::size_t active = 0;
  for (const SessionStatus status : {SessionStatus::initializing, SessionStatus::ready, SessionStatus::running}) {
    const auto found = totals.sessions.find(status);
    if (found != totals.sessions.end()) active += found->second;
  }
  return active;
}

void Snapshot::keep_sandboxes_of(const std::string& user) {
  if (user.empty()) return;
  std::erase_if(sandboxes, [&](const SandboxUse& use) { return use.session.user != user; });
}

Json to_json(const Snapshot& snapshot) {
  Json workers = Json::array();
  for (const WorkerRecord& worker : snapshot.workers) {
    workers.push_back({{"id", worker.id},
                       {"active", worker.alive},
                       {"current_jobs", worker.running},
                       {"spare_sandboxes", worker.spare_sandboxes}});
  }
  Json sessions = Json::array();
  for (const SandboxUse& use : snapshot.sandboxes) sessions.push_back(sandbox_json(use));
  Json by_status = Json::object();
  for (const auto& [status, count] : snapshot.totals.sessions) by_status[std::string(to_string(status))] = count;
  Json json{{"active_sessions", snapshot.active_sessions()},
            {"total_sessions", snapshot.totals.all_sessions()},
            {"queue_length", snapshot.waiting_sessions},
            {"worker_status", std::move(workers)},
            {"timestamp", to_rfc3339(snapshot.timestamp)},
            {"sessions_by_status", std::move(by_status)},
            {"sessions", std::move(sessions)},
            {"analytics", analytics_json(snapshot.totals)}};
  if (snapshot.stale_sandboxes) json["sessions_stale"] = true;
  return json;
}

Result<Snapshot> Census::take(const CallContext& ctx) {
  Snapshot snapshot;
  auto totals = store_.totals(ctx);
  if (!totals) return fail(totals.error());
  snapshot.totals = std::move(*totals);
  if (auto added = add_queues(snapshot, ctx); !added) return fail(added.error());
  snapshot.workers = roster_.workers(ctx);
  add_sandboxes(snapshot, ctx);
  snapshot.timestamp = clock_.now_ms();
  return snapshot;
}

Result<void> Census::add_queues(Snapshot& snapshot, const CallContext& ctx) {
  const auto queues = queue_.queues(ctx);
  if (!queues) return fail(queues.error());
  for (const QueueOverview& queue : *queues) {
    snapshot.queue.waiting += queue.counts.waiting;
    snapshot.queue.delayed += queue.counts.delayed;
    snapshot.queue.leased += queue.counts.leased;
    snapshot.queue.dead += queue.counts.dead;
  }
  const auto waiting = session::count_waiting(queue_, *queues, ctx);
  if (!waiting) return fail(waiting.error());
  snapshot.waiting_sessions = *waiting;
  return {};
}

void Census::add_sandboxes(Snapshot& snapshot, const CallContext& ctx) {
  const std::unique_lock turn(asking_, std::try_to_lock);
  std::unique_lock lock(mutex_);
  const bool fresh = asked_at_ && clock_.steady_now() - *asked_at_ < kFresh;
  if (!fresh && turn.owns_lock()) {
    lock.unlock();
    auto found = ask_sandboxes(ctx.within(kAsking));
    lock.lock();
    stale_ = !found;
    if (found) known_ = std::move(*found);
    asked_at_ = clock_.steady_now();
  }
  snapshot.sandboxes = known_;
  snapshot.stale_sandboxes = stale_;
}

Result<std::vector<SandboxUse>> Census::ask_sandboxes(const CallContext& ctx) {
  std::vector<SandboxUse> uses;
  if (backend_ == nullptr) return uses;
  auto found = backend_->list({{labels::kInstance, store_.store_id()}}, ctx);
  if (!found) return fail(found.error());
  std::sort(found->begin(), found->end(),
            [](const Sandbox& a, const Sandbox& b) { return a.created_at > b.created_at; });
  if (found->size() > kMaxSandboxes) found->resize(kMaxSandboxes);
  for (const Sandbox& sandbox : *found) {
    const auto label = sandbox.labels.find(labels::kSession);
    if (label == sandbox.labels.end()) continue;
    auto row = store_.get_session(label->second, ctx);
    if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
    if (!row) continue;
    SandboxUse use{std::move(*row), sandbox.state, std::nullopt};
    if (sandbox.state == SandboxState::running && ctx.check()) {
      if (auto stats = backend_->stats(sandbox.name, ctx)) use.stats = *stats;
    }
    uses.push_back(std::move(use));
  }
  return uses;
}

}  // namespace ottobot::service
