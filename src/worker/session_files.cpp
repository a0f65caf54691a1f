// The files of a session beyond one life of its sandbox: the snapshot after each turn that changed them, the archive of
// a session that ends, and how a sandbox gets them back.
//
// A sandbox that has to be filled is `restoring` in the row, from before it exists until its files are in place:
// whoever takes over in between unpacks them (again), and nobody takes what is in it for the session's files. Nothing
// has run in it by then.

#include "worker/session_runner.hpp"

namespace ottobot::worker {
namespace {

constexpr std::chrono::milliseconds kStoreTimeout{30000};
constexpr std::chrono::milliseconds kRemoveTimeout{20000};
constexpr std::chrono::milliseconds kArchiveTimeout{300000};  // also of the way back
// How often a snapshot under way looks whether a prompt came: it must not wait for the files.
constexpr std::chrono::milliseconds kLookInterval{200};
constexpr int kArchiveAttempts = 3;
constexpr std::chrono::milliseconds kArchivePause{1000};

}  // namespace

Result<SessionRunner::Restore> SessionRunner::plan_restore(const SessionRow& row) {
  Restore files;
  files.blob = row.kept_files();
  if (files.blob.empty()) return files;
  files.when = Restore::When::always;
  if (row.restoring) return files;
  const auto former = dependencies_.backend.inspect(sandbox_name_, owner_context(kStoreTimeout));
  if (!former && former.error().code == ErrorCode::not_found) {
    if (auto marked = mark_restoring(true); !marked) return fail(marked.error());
    return files;
  }
  // Not known is not the same as there: half of the files would be taken for all of them.
  if (!former) return fail(former.error());
  const bool may_be_empty = !row.archive_blob.empty() || former->state == SandboxState::exited;
  files.when = may_be_empty ? Restore::When::if_empty : Restore::When::never;
  return files;
}

Result<void> SessionRunner::mark_restoring(bool restoring) {
  RowPatch mark;
  mark.restoring = restoring;
  if (restoring) return commit({}, mark);
  return commit({events::log(LogLevel::info, "The files are back as they were kept")}, mark);
}

Result<void> SessionRunner::restore_files(const Sandbox& sandbox, const Restore& files, bool announce) {
  if (files.when == Restore::When::never) return {};
  SandboxClient client(dependencies_.http, sandbox.endpoint);
  if (files.when == Restore::When::if_empty) {
    auto empty = client.is_workspace_empty(owner_context(kStoreTimeout));
    if (!empty) return fail(empty.error());
    if (!*empty) return {};
    if (auto marked = mark_restoring(true); !marked) return marked;
  }
  if (announce) {
    auto told = commit({events::phase_changed(phase::kWaitingForTools, 90, "Bringing the session's files back")});
    if (!told) return told;
  }
  auto restored = client.restore(dependencies_.store, session_id_, files.blob, owner_context(kArchiveTimeout));
  if (!restored) return fail(restored.error(), "bringing the session's files back");
  return mark_restoring(false);
}

// What a session that came back was filled with is its snapshot from then on.
void SessionRunner::keep_archive_as_snapshot(const SessionRow& row, RowPatch& patch) const {
  if (row.archive_blob.empty()) return;
  patch.archive_blob = std::string();
  if (options_.snapshot_limit_bytes != 0) patch.snapshot_blob = row.archive_blob;
}

Result<void> SessionRunner::keep_snapshot(const SessionRow& row) {
  if (!row.snapshot_due || row.restoring || options_.snapshot_limit_bytes == 0) return {};
  auto sandbox = dependencies_.backend.inspect(sandbox_name_, owner_context(kStoreTimeout));
  if (!sandbox || sandbox->state != SandboxState::running) return {};
  auto blob = take_snapshot(*sandbox);
  if (!blob && blob.error().code == ErrorCode::conflict) return {};  // still due
  RowPatch kept;
  kept.snapshot_due = false;
  if (!blob) return note_no_snapshot(blob.error(), kept);
  kept.snapshot_blob = *blob;
  if (auto done = commit({}, kept); !done) return done;
  if (row.snapshot_blob != *blob) drop_blob(row.snapshot_blob);
  return {};
}

// Errors: conflict (something came into the inbox: first things first), unsupported (too large), resource_exhausted (no
// room on the disk), those of the sandbox.
Result<std::string> SessionRunner::take_snapshot(const Sandbox& sandbox) {
  const auto go_on = [this]() -> Result<void> {
    // What room is kept is for turns.
    if (auto room = dependencies_.store.ping(owner_context(kStoreTimeout)); !room) return room;
    auto row = dependencies_.store.get_session(session_id_, owner_context(kStoreTimeout));
    if (row && row->last_seq > state().last_seq()) return conflict("the session has something to do");
    return {};
  };
  if (auto now = go_on(); !now) return fail(now.error());
  ArchiveOptions options;
  options.quick = true;
  options.max_bytes = options_.snapshot_limit_bytes;
  options.check_interval = kLookInterval;
  options.check = go_on;
  SandboxClient client(dependencies_.http, sandbox.endpoint);
  return client.archive(dependencies_.store, session_id_, options, owner_context(kArchiveTimeout));
}

// The sandbox has its files all the same: nothing fails.
Result<void> SessionRunner::note_no_snapshot(const Error& error, const RowPatch& patch) {
  if (abandon_.stop_requested()) return cancelled("the worker gave the session up");
  dependencies_.logger.warn("no snapshot of the workspace", {{"session", session_id_}, {"error", error.to_string()}});
  if (error.code != ErrorCode::unsupported) return commit({}, patch);
  return commit({events::log(LogLevel::warn,
                             "The files are not kept outside of the sandbox after this turn: zipped, they are over " +
                                 in_mib(options_.snapshot_limit_bytes))},
                patch);
}

// Empty when no sandbox runs.
Result<std::string> SessionRunner::archive_workspace() {
  auto sandbox = dependencies_.backend.inspect(sandbox_name_, owner_context(kRemoveTimeout));
  if (!sandbox && sandbox.error().code != ErrorCode::not_found) return fail(sandbox.error());
  if (!sandbox || sandbox->state != SandboxState::running) return std::string();
  SandboxClient client(dependencies_.http, sandbox->endpoint);
  return client.archive(dependencies_.store, session_id_, {}, owner_context(kArchiveTimeout));
}

Result<void> SessionRunner::keep_archive() {
  auto row = dependencies_.store.get_session(session_id_, owner_context(kStoreTimeout));
  if (!row) return fail(row.error());
  if (!row->archive_blob.empty()) return {};
  Result<std::string> archived;
  for (int attempt = 1; !row->restoring && attempt <= kArchiveAttempts; ++attempt) {
    archived = archive_workspace();
    if (archived) break;
    if (abandon_.stop_requested()) return cancelled("the worker gave the session up");
    dependencies_.logger.warn("no archive of the workspace",
                              {{"session", session_id_}, {"error", archived.error().to_string()}});
    (void)dependencies_.clock.sleep_for(kArchivePause, owner_context(kStoreTimeout));
  }
  const std::string blob = archived && !archived->empty() ? *archived : row->snapshot_blob;
  if (blob.empty()) return {};
  RowPatch kept;
  kept.archive_blob = blob;
  kept.snapshot_blob = std::string();
  kept.snapshot_due = false;
  if (auto done = commit({}, kept); !done) return done;  // durable before anything is removed
  if (row->snapshot_blob != blob) drop_blob(row->snapshot_blob);
  return {};
}

// After the row has ceased to name it. One that stays, when this fails or is not reached, goes with the session.
void SessionRunner::drop_blob(const std::string& blob_id) {
  if (blob_id.empty()) return;
  auto dropped = dependencies_.store.remove_blob(lease_, blob_id, owner_context(kStoreTimeout));
  if (dropped) return;
  dependencies_.logger.warn("files that are not needed any more were not removed",
                            {{"session", session_id_}, {"error", dropped.error().to_string()}});
}

}  // namespace ottobot::worker
