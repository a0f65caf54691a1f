#include "worker/reaper.hpp"

#include "ottobot/session/session_service.hpp"
#include "worker/session_runner.hpp"

namespace ottobot::worker {
namespace {

constexpr std::chrono::milliseconds kStoreTimeout{10000};
constexpr std::chrono::milliseconds kBackendTimeout{30000};
constexpr std::size_t kBatch = 100;

}  // namespace

void Reaper::restore(const CallContext& ctx) {
  ListSessionsParams page;
  page.limit = kBatch;
  while (!ctx.stop.stop_requested()) {
    auto sessions = dependencies_.store.list_sessions(page, ctx.within(kStoreTimeout));
    if (!sessions || sessions->sessions.empty()) return;
    for (const SessionRow& row : sessions->sessions) {
      if (row.status == SessionStatus::terminated || is_others(row, ctx)) continue;
      const bool here = row.host_id.empty() || row.host_id == options_.host_id;
      if (row.vnc_port > 0 && here) (void)ports_.open_vnc(row.id, row.vnc_port, ctx.within(kStoreTimeout));
      if (row.mcp_port > 0 && row.host_id == options_.host_id) {
        (void)ports_.open_mcp(row.id, row.mcp_port, ctx.within(kStoreTimeout));
      }
    }
    page.offset += page.limit;
  }
}

bool Reaper::is_others(const SessionRow& row, const CallContext& ctx) {
  const auto home = roster_.home_of(row, ctx);
  return home && home->id != options_.worker_id;
}

void Reaper::remove_strays(const CallContext& ctx) {
  remove_stray_sandboxes(ctx);
  close_moved_ports(ctx);
  release_stray_ports(ctx);
}

bool Reaper::has_ended(const std::string& session_id, bool expired_too, const CallContext& ctx) {
  auto row = dependencies_.store.get_session(session_id, ctx.within(kStoreTimeout));
  if (!row) return row.error().code == ErrorCode::not_found;
  if (row->status != SessionStatus::terminated || row->pending) return false;
  return expired_too || row->phase != phase::kExpired;
}

void Reaper::remove_stray_sandboxes(const CallContext& ctx) {
  auto sandboxes =
      dependencies_.backend.list({{labels::kInstance, dependencies_.store.store_id()}}, ctx.within(kBackendTimeout));
  if (!sandboxes) {
    dependencies_.logger.warn("could not list sandboxes", {{"error", sandboxes.error().to_string()}});
    return;
  }
  for (const Sandbox& sandbox : *sandboxes) {
    if (ctx.stop.stop_requested()) return;
    const auto label = sandbox.labels.find(labels::kSession);
    // An expired session's files wait for its next prompt.
    if (label != sandbox.labels.end() && spares_.holds(label->second)) continue;
    if (label != sandbox.labels.end() && !has_ended(label->second, false, ctx)) continue;
    auto removed = dependencies_.backend.remove(sandbox.name, ctx.within(kBackendTimeout));
    dependencies_.logger.info("removed a left-over sandbox", {{"sandbox", sandbox.name}, {"ok", removed.has_value()}});
  }
}

// Of sessions that have gone to another worker, which has what the store knows of their ports.
void Reaper::close_moved_ports(const CallContext& ctx) {
  for (const std::string& id : ports_.sessions()) {
    if (ctx.stop.stop_requested()) return;
    const auto row = dependencies_.store.get_session(id, ctx.within(kStoreTimeout));
    if (row && is_others(*row, ctx)) ports_.close_listeners(id);
  }
}

void Reaper::release_stray_ports(const CallContext& ctx) {
  auto holders = dependencies_.store.port_holders(options_.host_id, ctx.within(kStoreTimeout));
  if (!holders) return;
  std::set<std::string> strays;
  for (const std::string& id : *holders) {
    if (ctx.stop.stop_requested()) return;
    if (!has_ended(id, true, ctx)) continue;
    if (stray_holders_.count(id) == 0) {
      strays.insert(id);
      continue;
    }
    ports_.close(id, ctx.within(kStoreTimeout));
    dependencies_.logger.info("gave back left-over ports", {{"session", id}});
  }
  stray_holders_ = std::move(strays);
}

void Reaper::end_expired(const CallContext& ctx) {
  auto ids = dependencies_.store.sessions_expired(dependencies_.clock.now_ms(), kBatch, ctx.within(kStoreTimeout));
  if (!ids) return;
  for (const std::string& id : *ids) {
    if (ctx.stop.stop_requested()) return;
    auto row = dependencies_.store.get_session(id, ctx.within(kStoreTimeout));
    if (!row || is_others(*row, ctx)) continue;
    if (row->status == SessionStatus::terminated) {
      purge(id, ctx);
    } else {
      // Its next owner finds nothing to do and the time passed.
      (void)dependencies_.queue.push({roster_.queue_for(*row, ctx), id, {}}, ctx.within(kStoreTimeout));
    }
  }
}

// Under a lease: its last prompt may be waking the session just now.
void Reaper::purge(const std::string& session_id, const CallContext& ctx) {
  const AcquireLeaseParams params{session_id, options_.worker_id + "/reaper", options_.lease_ttl};
  auto lease = dependencies_.store.acquire_lease(params, ctx.within(kStoreTimeout));
  if (!lease) return;
  if (auto purged = purge_owned(session_id, ctx); !purged) {
    dependencies_.logger.warn("could not remove an ended session",
                              {{"session", session_id}, {"error", purged.error().to_string()}});
  }
  (void)dependencies_.store.release_lease(*lease, ctx.within(kStoreTimeout));
}

Result<void> Reaper::purge_owned(const std::string& session_id, const CallContext& ctx) {
  auto due = is_due(session_id, ctx);
  if (!due) return fail(due.error());
  if (!*due) return {};
  auto removed = dependencies_.backend.remove(sandbox_name(session_id), ctx.within(kBackendTimeout));
  if (!removed && removed.error().code != ErrorCode::not_found) return removed;
  ports_.close(session_id, ctx.within(kStoreTimeout));
  // That may have taken a while: a prompt that was acknowledged meanwhile wakes the session, with its archived files.
  due = is_due(session_id, ctx);
  if (!due) return fail(due.error());
  if (!*due) return {};
  return dependencies_.store.purge_session(session_id, ctx.within(kStoreTimeout));
}

Result<bool> Reaper::is_due(const std::string& session_id, const CallContext& ctx) {
  auto row = dependencies_.store.get_session(session_id, ctx.within(kStoreTimeout));
  if (!row) return fail(row.error());
  return row->status == SessionStatus::terminated && !row->pending && row->purge_at != 0 &&
         row->purge_at <= dependencies_.clock.now_ms();
}

}  // namespace ottobot::worker
