#include "worker/session_runner.hpp"

#include <algorithm>

#include "worker/turn_stop.hpp"

namespace ottobot::worker {
namespace {

constexpr std::chrono::milliseconds kStoreTimeout{30000};
constexpr std::chrono::milliseconds kHealthTimeout{2000};
constexpr int kMaxRelaunches = 3;  // in a turn

std::vector<FinishedTurn> ended_turns(const std::vector<NewEvent>& events) {
  std::vector<FinishedTurn> turns;
  for (const NewEvent& event : events) {
    if (auto turn = finished_turn(event)) turns.push_back(std::move(*turn));
  }
  return turns;
}

}  // namespace

std::string sentence_of(const Error& error) {
  return error.hint.empty() ? error.message : error.message + " (" + error.hint + ")";
}

std::string in_mib(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

std::string sandbox_name(const std::string& session_id) { return "ob-" + session_id; }

SessionRunner::SessionRunner(WorkerDependencies& dependencies, const WorkerOptions& options, PortListeners& ports,
                             DiskWatch& disk, const Lease& lease, std::stop_token abandon)
    : dependencies_(dependencies),
      options_(options),
      ports_(ports),
      disk_(disk),
      lease_(lease),
      session_id_(lease.session_id),
      sandbox_name_(sandbox_name(lease.session_id)),
      abandon_(std::move(abandon)) {}

SessionRunner::~SessionRunner() = default;

Result<void> SessionRunner::run() {
  auto log = SessionLog::open(dependencies_.store, lease_, owner_context(kStoreTimeout));
  if (!log) return fail(log.error());
  log_ = std::move(*log);
  auto row = dependencies_.store.get_session(session_id_, owner_context(kStoreTimeout));
  if (!row) return fail(row.error());
  timeout_s_ = row->timeout_s;
  while (!abandon_.stop_requested()) {
    if (auto read = log_->refresh(owner_context(kStoreTimeout)); !read) return read;
    Result<void> done;
    if (state().delete_requested() && state().status() != SessionStatus::terminated) {
      done = end_session(End::deleted);
    } else if (state().turn() && state().has_work()) {
      done = run_turn();
    } else {
      auto settled = settle();
      if (!settled) return fail(settled.error());
      if (*settled) return {};
    }
    if (!done) return done;
  }
  return cancelled("the worker gave the session up");
}

Result<bool> SessionRunner::settle() {
  auto row = dependencies_.store.get_session(session_id_, owner_context(kStoreTimeout));
  if (!row) return fail(row.error());
  const bool ended = row->status == SessionStatus::terminated;
  if (!ended && row->expires_at <= dependencies_.clock.now_ms()) {
    if (auto expired = end_session(End::expired); !expired) return fail(expired.error());
    return false;
  }
  if (!ended) {
    if (auto kept = keep_snapshot(*row); !kept) return fail(kept.error());
  }
  RowPatch idle;
  idle.pending = false;
  auto done = log_->commit_if_current({}, idle, owner_context(kStoreTimeout));
  if (!done && done.error().code == ErrorCode::conflict) return false;
  if (!done) return fail(done.error());
  if (auto written = log_->checkpoint(owner_context(kStoreTimeout)); !written) return fail(written.error());
  return true;
}

Result<void> SessionRunner::run_turn() {
  auto model = dependencies_.models(state().model());
  if (!model) return fail_turn(model.error());
  relaunches_ = 0;
  while (true) {
    auto ready = ensure_sandbox();
    if (!ready) {
      const ErrorCode code = ready.error().code;
      if (abandon_.stop_requested() || code == ErrorCode::fenced || store_is_out_ || waits_for_backend_) return ready;
      // It did start before: what ended it just now may not do so again.
      if (code == ErrorCode::unavailable && state().phase() == phase::kReady && relaunches_++ < kMaxRelaunches)
        continue;
      return fail_start(ready.error());
    }
    auto done = run_graph(*model);
    if (done) return {};
    auto next = after_error(done.error());
    if (!next) return fail(next.error());
    if (*next == Next::done) return {};
  }
}

Result<void> SessionRunner::run_graph(ModelHandle model) {
  const TurnStop stop(dependencies_.store, session_id_, abandon_);
  if (auto read = log_->refresh(owner_context(kStoreTimeout)); !read) return read;
  if (!state().turn() || state().delete_requested()) return {};
  DesktopInputGate tools(*tools_, dependencies_.clock, input_gate_options());
  const Graph agent = make_coding_agent(*model.provider, tools, dependencies_.clock, agent_options(model.model));
  CallContext ctx;
  ctx.stop = stop.token();
  return agent.run(*this, ctx);
}

DesktopInputGateOptions SessionRunner::input_gate_options() const {
  DesktopInputGateOptions options;
  if (const auto& asked = dependencies_.person_controls_desktop) {
    options.person_controls = [&asked, id = session_id_] { return asked(id); };
  }
  options.patience = options_.desktop_patience;
  options.abandon = abandon_;
  for (const OpenToolCall& open : state().open_calls()) {
    if (open.intended) options.begun_before.insert(open.call.call_id);
  }
  return options;
}

// What an unfinished run means: somebody asked for it, the sandbox went away, or the turn has failed.
Result<SessionRunner::Next> SessionRunner::after_error(const Error& error) {
  if (error.code == ErrorCode::fenced || abandon_.stop_requested() || store_is_out_) return fail(error);
  if (auto read = log_->refresh(owner_context(kStoreTimeout)); !read) return fail(read.error());
  if (error.code == ErrorCode::cancelled) return state().delete_requested() ? Next::done : Next::again;
  if (error.code == ErrorCode::unavailable && sandbox_is_gone() && relaunches_ < kMaxRelaunches) {
    tools_.reset();
    if (const auto verdict = disk_.take_verdict(sandbox_name_)) {
      if (auto failed = fail_turn(*verdict); !failed) return fail(failed.error());
      return Next::done;
    }
    ++relaunches_;
    auto told = commit({events::sandbox_lost("The sandbox was lost; starting it again with its files")});
    if (!told) return fail(told.error());
    return Next::again;
  }
  if (auto failed = fail_turn(error); !failed) return fail(failed.error());
  return Next::done;
}

bool SessionRunner::sandbox_is_gone() {
  if (!tools_) return true;
  auto boot_id = tools_->sandbox().health(owner_context(kHealthTimeout));
  return !boot_id || *boot_id != tools_->boot_id();
}

Result<void> SessionRunner::fail_turn(const Error& error) {
  if (!state().turn()) return {};
  const Turn& turn = *state().turn();
  dependencies_.logger.warn("turn failed", {{"session", session_id_}, {"error", error.to_string()}});
  return end_turn(*this, agent_options({}), {TurnOutcome::failed, turn.steps, turn.usage, error});
}

Result<void> SessionRunner::fail_start(const Error& error) {
  if (auto ended = fail_turn(error); !ended) return ended;
  RowPatch patch;
  patch.error = sentence_of(error);
  return commit({events::status_changed(SessionStatus::error, "The sandbox did not start: " + sentence_of(error))},
                patch);
}

Result<void> SessionRunner::commit(std::vector<NewEvent> events) { return commit(std::move(events), {}); }

Result<void> SessionRunner::commit(std::vector<NewEvent> events, const RowPatch& patch) {
  RowPatch with_life = patch;
  for (NewEvent& event : events) {
    const bool begins = event.type == EventType::status_changed && get_string(event.data, "status") == "running";
    const bool ends = event.type == EventType::turn_finished;
    if (ends) event.internal["duration_ms"] = turn_duration().count();
    if (ends && state().turn() && state().turn()->workspace_touched) with_life.snapshot_due = true;
    if (begins || ends) with_life.expires_at = dependencies_.clock.now_ms() + timeout_s_ * 1000;
  }
  const auto ended = ended_turns(events);
  auto done = watched(log_->commit(std::move(events), with_life, owner_context(kStoreTimeout)));
  if (done && dependencies_.on_turn) std::for_each(ended.begin(), ended.end(), dependencies_.on_turn);
  return done;
}

std::chrono::milliseconds SessionRunner::turn_duration() const {
  if (!state().turn() || state().turn()->started_at == 0) return std::chrono::milliseconds(0);
  return std::chrono::milliseconds(std::max<UnixMillis>(0, dependencies_.clock.now_ms() - state().turn()->started_at));
}

Result<void> SessionRunner::commit_with_next(std::vector<NewEvent> events) {
  return watched(log_->commit_with_next(std::move(events), owner_context(kStoreTimeout)));
}

// A store without room, or out of reach, is no fault of the turn: it stays as it is in the log, for when there is.
Result<void> SessionRunner::watched(Result<void> commit) {
  if (commit) return commit;
  const ErrorCode code = commit.error().code;
  store_is_out_ = store_is_out_ || code == ErrorCode::resource_exhausted || code == ErrorCode::unavailable ||
                  code == ErrorCode::deadline_exceeded;
  return commit;
}

void SessionRunner::delta(const Json& message) {
  // Ephemeral: who misses it gets the whole message from the log.
  (void)dependencies_.store.publish(session_id_, message, owner_context(kStoreTimeout));
}

CodingAgentOptions SessionRunner::agent_options(const std::string& model) const {
  CodingAgentOptions options;
  options.model = model;
  options.closing_events = [this](const SessionState& state) -> std::vector<NewEvent> {
    if (!state.turn() || !state.turn()->workspace_touched) return {};
    return {events::workspace_changed("/download/" + session_id_, state.turn()->changed_files)};
  };
  return options;
}

CallContext SessionRunner::owner_context(std::chrono::milliseconds timeout) const {
  return with_timeout(timeout).with_stop(abandon_);
}

}  // namespace ottobot::worker
