// What must be true of a run when it has come to rest.
#include <algorithm>
#include <set>

#include "session/worker_roster.hpp"
#include "simulation/world.hpp"
#include "worker/session_runner.hpp"

namespace ottobot::simulation {
namespace {

// A stop may be announced to nobody; its turn finds it at the next step.
constexpr int kMostAnswersAfterStop = 1;

// Reads a session's log as it came about, and says what is wrong with it.
class LogReader {
 public:
  LogReader(Ledger& ledger, std::string session_id) : ledger_(ledger), session_id_(std::move(session_id)) {}

  void read(const Event& event) {
    const bool in_turn = state_.turn().has_value();
    switch (event.type) {
      case EventType::user_prompt:
        prompts_.insert(get_string(event.data, "content"));
        break;
      case EventType::model_call_started:
        if (!in_turn) violated("a model was asked outside of a turn");
        if (deleted_) violated("a deleted session has run on");
        break;
      case EventType::agent_message:
        read_answer(event);
        break;
      case EventType::tool_intent:
        if (!intents_.insert(get_string(event.data, "call_id")).second) violated("a call was intended twice");
        break;
      case EventType::tool_result:
        read_result(event);
        break;
      case EventType::turn_finished:
        if (!in_turn) violated("a turn ended that had not begun");
        ++turns_;
        answers_after_stop_ = 0;
        break;
      case EventType::status_changed:
        read_status(get_string(event.data, "status"));
        break;
      default:
        break;
    }
    state_.apply(event);
  }

  void end() {
    if (state_.delete_requested()) return;
    if (turns_ != prompts_.size()) {
      violated(std::to_string(prompts_.size()) + " prompts, and " + std::to_string(turns_) + " turns");
    }
  }

 private:
  void read_answer(const Event& event) {
    if (state_.turn() && state_.turn()->stop_requested && ++answers_after_stop_ > kMostAnswersAfterStop) {
      violated("a stopped turn went on");
    }
    const std::string content = get_string(event.data, "content");
    if (!content.empty() && !answers_.insert(content).second) violated("a prompt was answered twice: " + content);
  }

  void read_result(const Event& event) {
    const std::string call_id = get_string(event.data, "call_id");
    const std::string outcome = get_string(event.data, "outcome");
    if (!results_.insert(call_id).second) violated("a call has two results");
    if (outcome == "ok" && ledger_.effects(call_id) == 0) violated("a call is said to have run and has not");
    if (outcome == "not_run" && ledger_.effects(call_id) != 0) violated("a call is said not to have run and has");
  }

  void read_status(const std::string& status) {
    if (deleted_ && status != "terminated" && status != "terminating") violated("a deleted session came back");
    deleted_ = deleted_ || (status == "terminated" && state_.delete_requested());
  }

  void violated(const std::string& what) { ledger_.violated(session_id_ + ": " + what); }

  Ledger& ledger_;
  const std::string session_id_;
  SessionState state_;
  std::multiset<std::string> prompts_;
  std::set<std::string> answers_, intents_, results_;
  std::size_t turns_ = 0;
  int answers_after_stop_ = 0;
  bool deleted_ = false;
};

}  // namespace

// In queues of workers that nobody remembers: pushed there by a server that had not heard of the store for long.
std::size_t World::stray_jobs() const {
  std::size_t count = 0;
  for (const std::string& id : worker_ids_) {
    const auto counts = queue_->counts(session::queue_of_worker(id), {});
    if (counts) count += counts->waiting + counts->delayed + counts->leased;
  }
  return count;
}

void World::check_session(const std::string& session_id) {
  LogReader reader(ledger_, session_id);
  for (const Event& event : ledger_.log(session_id)) reader.read(event);
  reader.end();
}

void World::check_told(const Acknowledged& told) {
  if (told.session_id.empty()) return;
  std::multiset<std::string> prompts;
  bool begun = false;
  for (const Event& event : ledger_.log(told.session_id)) {
    if (event.type != EventType::user_prompt) continue;
    prompts.insert(get_string(event.data, "client_id"));
    begun = begun || get_string(event.data, "content") == told.first_prompt;
  }
  if (!begun) ledger_.violated("a session that was acknowledged was never there");
  for (const std::string& prompt : told.prompts) {
    if (prompts.count(prompt) != 1) ledger_.violated("the acknowledged prompt " + prompt + " was lost or taken twice");
  }
  if (!told.deleted || ledger_.is_purged(told.session_id)) return;
  const auto row = store_->get_session(told.session_id, {});
  const bool is_deleted = row && row->status == SessionStatus::terminated && row->phase != phase::kExpired;
  if (!is_deleted) ledger_.violated(told.session_id + " was deleted and is there");
}

// Nothing to do, and nothing left of what has ended: else what.
std::string World::what_is_left() {
  const auto queues = queue_->queues({});
  if (!queues) return "a queue";
  for (const QueueOverview& queue : *queues) {
    if (queue.counts.waiting + queue.counts.delayed + queue.counts.leased > 0) return "a job in " + queue.name;
  }
  for (const std::string& id : ledger_.sessions()) {
    if (std::string left = what_is_left(id); !left.empty()) return left + " of " + id;
  }
  for (const WorkerPlace& place : workers_) {
    if (!place.worker->idle()) return "a run of " + place.id;
  }
  return {};
}

std::string World::what_is_left(const std::string& session_id) {
  const auto row = store_->get_session(session_id, {});
  if (row && (row->pending || row->status == SessionStatus::terminating)) return "work";
  if (row && row->status != SessionStatus::terminated) return {};
  const bool is_expired = row && row->phase == phase::kExpired;  // its files wait for a prompt
  for (const auto& host : hosts_) {
    const auto sandbox = host->backend.inspect(worker::sandbox_name(session_id), {});
    if (sandbox && (!is_expired || sandbox->state == SandboxState::running)) return "a sandbox on " + host->id;
    const auto holders = store_->port_holders(host->id, {});
    if (holders && std::count(holders->begin(), holders->end(), session_id) > 0) return "a port of " + host->id;
  }
  if (!row) return {};
  const auto lease = store_->acquire_lease({session_id, "the test", std::chrono::milliseconds(1)}, {});
  if (!lease) return "a lease";
  ledger_.granted(*lease, std::chrono::milliseconds(1));
  (void)store_->release_lease(*lease, {});
  ledger_.released(*lease);
  return {};
}

}  // namespace ottobot::simulation
