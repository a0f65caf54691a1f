// The sandbox of a session: how it comes up and how it ends. What becomes of its files is in session_files.cpp.

#include <algorithm>

#include "worker/session_runner.hpp"

namespace ottobot::worker {
namespace {

constexpr std::chrono::milliseconds kStoreTimeout{30000};
constexpr std::chrono::milliseconds kConnectTimeout{15000};
constexpr std::chrono::milliseconds kRemoveTimeout{20000};
constexpr std::chrono::milliseconds kStopGrace{100};
// Of the whole way from 0 to ready: what the backend's own progress covers.
constexpr int kLaunchFrom = 20;
constexpr int kLaunchTo = 80;

}  // namespace

Result<void> SessionRunner::ensure_sandbox() {
  if (tools_) return {};
  if (auto may = may_launch(); !may) return may;
  const bool first = state().phase() != phase::kReady || state().status() == SessionStatus::error;
  auto row = open_ports();
  if (!row) return fail(row.error());
  if (auto launched = launch_sandbox(); !launched) return launched;
  if (!first) return {};
  if (auto read = log_->refresh(owner_context(kStoreTimeout)); !read) return read;
  if (state().delete_requested()) return {};  // what ends does not become ready once more
  std::vector<NewEvent> ready{events::phase_changed(phase::kReady, 100, "Session is ready. You can start chatting!")};
  if (state().status() != SessionStatus::running) ready.push_back(events::status_changed(SessionStatus::ready));
  RowPatch patch;
  patch.error = std::string();
  keep_archive_as_snapshot(*row, patch);
  if (auto told = commit(std::move(ready), patch); !told) return told;
  for (const std::string& blob : {row->archive_blob, row->snapshot_blob}) {
    if (blob != patch.snapshot_blob.value_or(row->snapshot_blob)) drop_blob(blob);
  }
  return {};
}

// Asked before anything is written, as it may be asked often. A session whose time is up has waited enough: its turn
// fails.
Result<void> SessionRunner::may_launch() {
  if (!dependencies_.check_launches) return {};
  auto admitted = dependencies_.check_launches();
  if (admitted) return {};
  const auto known = dependencies_.backend.inspect(sandbox_name_, owner_context(kConnectTimeout));
  if (known && known->state == SandboxState::running) return {};
  const auto row = dependencies_.store.get_session(session_id_, owner_context(kStoreTimeout));
  if (row && row->expires_at <= dependencies_.clock.now_ms()) return {};
  waits_for_backend_ = true;
  return admitted;
}

Result<SessionRow> SessionRunner::open_ports() {
  const auto ctx = owner_context(kStoreTimeout);
  auto row = dependencies_.store.get_session(session_id_, ctx);
  if (!row) return row;
  const bool moved = options_.has_peers && !row->host_id.empty() && row->host_id != options_.host_id;
  // Ports are a host's own. What an earlier stay has left here is not the session's any more.
  if (moved) {
    auto gone = dependencies_.backend.remove(sandbox_name_, owner_context(kRemoveTimeout));
    if (!gone && gone.error().code != ErrorCode::not_found) return fail(gone.error(), "removing an older sandbox");
  }
  auto vnc = ports_.open_vnc(session_id_, moved ? 0 : row->vnc_port, ctx);
  if (!vnc) return fail(vnc.error(), "allocating the desktop's port");
  auto mcp = ports_.open_mcp(session_id_, moved ? 0 : row->mcp_port, ctx);
  if (!mcp) return fail(mcp.error(), "allocating the tools' port");
  const bool announce = state().phase() != phase::kReady;
  const bool same = *vnc == row->vnc_port && *mcp == row->mcp_port && row->host_id == options_.host_id;
  if (!announce && same && row->worker_id == options_.worker_id) return row;
  // One append: a row that is terminated in any other phase than expired is a deleted session's.
  std::vector<NewEvent> events;
  RowPatch patch;
  if (moved && !announce) {
    events.push_back(events::sandbox_lost("The sandbox's host is gone; starting another one with the files as they were kept"));
  }
  if (announce) {
    if (state().status() == SessionStatus::terminated || state().status() == SessionStatus::terminating) {
      events.push_back(events::status_changed(SessionStatus::initializing, "The session comes back"));
    }
    events.push_back(events::phase_changed(phase::kAllocatingPorts, 5, "Allocating ports"));
    patch.purge_at = 0;  // it has not ended any more
  }
  patch.vnc_port = row->vnc_port = *vnc;
  patch.mcp_port = row->mcp_port = *mcp;
  patch.host_id = row->host_id = options_.host_id;
  patch.worker_id = row->worker_id = options_.worker_id;
  if (*vnc == 0 || *mcp == 0) {
    events.push_back(events::warning("No port of its own is left for this session; the server's own port serves it"));
  }
  if (auto done = commit(std::move(events), patch); !done) return fail(done.error());
  return row;
}

Result<void> SessionRunner::launch_sandbox() {
  auto row = dependencies_.store.get_session(session_id_, owner_context(kStoreTimeout));
  if (!row) return fail(row.error());
  const bool announce = state().phase() != phase::kReady;
  const auto report = [&](int progress, const std::string& message) -> Result<void> {
    if (!announce) return {};
    return commit({events::phase_changed(phase::kStartingContainer, progress, message)});
  };
  if (auto told = report(kLaunchFrom, "Starting the sandbox"); !told) return told;
  if (const auto verdict = disk_.take_verdict(sandbox_name_)) {
    if (auto told = commit({events::warning(sentence_of(*verdict))}); !told) return told;
  }
  int last = kLaunchFrom;
  auto files = plan_restore(*row);
  if (!files) return fail(files.error(), "looking for the session's sandbox");
  auto sandbox = dependencies_.backend.launch(
      sandbox_params(session_id_, row->image, row->environment, dependencies_.store.store_id(), options_.limits),
      [&](int progress, const std::string& message) {
        const int scaled = kLaunchFrom + std::clamp(progress, 0, 100) * (kLaunchTo - kLaunchFrom) / 100;
        if (scaled > last) (void)report(last = scaled, message);
      },
      owner_context(options_.launch_timeout));
  if (!sandbox) return fail(sandbox.error(), "starting the sandbox");
  return connect_tools(*sandbox, *files, announce);
}

LaunchParams sandbox_params(const std::string& session_id, const std::string& image, const std::string& environment,
                            const std::string& store_id, const SandboxLimits& limits) {
  LaunchParams params;
  params.name = sandbox_name(session_id);
  params.labels = {{labels::kSession, session_id}, {labels::kInstance, store_id}};
  params.image = image;
  params.environment = environment;
  params.limits = limits;
  return params;
}

Result<void> SessionRunner::connect_tools(const Sandbox& sandbox, const Restore& files, bool announce) {
  if (announce) {
    std::vector<NewEvent> told;
    for (const std::string& warning : sandbox.warnings) told.push_back(events::warning(warning));
    told.push_back(events::phase_changed(phase::kWaitingForTools, 85, "Waiting for the sandbox's tools"));
    if (auto done = commit(std::move(told)); !done) return done;
  }
  auto tools = SandboxToolBox::connect(dependencies_.http, sandbox.endpoint, lease_.epoch, abandon_,
                                       owner_context(kConnectTimeout));
  if (!tools) return fail(tools.error());
  if (auto restored = restore_files(sandbox, files, announce); !restored) return restored;
  tools_ = std::move(*tools);
  return {};
}

Result<void> SessionRunner::announce_end(End end) {
  std::vector<NewEvent> ending;
  if (state().turn()) {
    const Turn& turn = *state().turn();
    ending = agent_options({}).closing_events(state());
    ending.push_back(events::turn_finished({TurnOutcome::stopped, turn.steps, turn.usage, {}}));
  }
  if (end == End::expired) {
    ending.push_back(events::phase_changed(phase::kExpired, 100, "The session expired; a prompt brings it back"));
  }
  ending.push_back(events::status_changed(SessionStatus::terminating));
  return commit(std::move(ending));
}

Result<void> SessionRunner::end_session(End end) {
  if (auto told = announce_end(end); !told) return told;
  if (auto kept = keep_archive(); !kept) return kept;
  if (abandon_.stop_requested()) return cancelled("the worker gave the session up");
  tools_.reset();
  const auto ctx = owner_context(kRemoveTimeout);
  // A deleted sandbox goes with all it has; an expired one keeps its files for a later prompt.
  auto gone = end == End::deleted ? dependencies_.backend.remove(sandbox_name_, ctx)
                                  : dependencies_.backend.stop(sandbox_name_, kStopGrace, ctx);
  if (!gone && gone.error().code != ErrorCode::not_found) return fail(gone.error(), "ending the sandbox");
  (void)disk_.take_verdict(sandbox_name_);
  ports_.close(session_id_, ctx);
  RowPatch patch;
  patch.vnc_port = 0;
  patch.mcp_port = 0;
  patch.purge_at = dependencies_.clock.now_ms() + options_.retention.count();
  if (end == End::deleted) {
    patch.phase = state().phase();  // never `expired`
    return commit({events::status_changed(SessionStatus::terminated, "The session was deleted")}, patch);
  }
  // A prompt or a delete that came meanwhile has the last word: run() looks at the log again.
  auto done =
      log_->commit_if_current({events::status_changed(SessionStatus::terminated)}, patch, owner_context(kStoreTimeout));
  if (!done && done.error().code == ErrorCode::conflict) return {};
  return done;
}

}  // namespace ottobot::worker
