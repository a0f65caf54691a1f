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
      if (row.status == SessionStatus::terminated) continue;
      if (row.vnc_port > 0) (void)ports_.open_vnc(row.id, row.vnc_port, ctx.within(kStoreTimeout));
      if (row.mcp_port > 0 && row.host_id == options_.host_id) {
        (void)ports_.open_mcp(row.id, row.mcp_port, ctx.within(kStoreTimeout));
      }
    }
    page.offset += page.limit;
  }
}

void Reaper::reap(const CallContext& ctx) {
  remove_strays(ctx);
  end_expired(ctx);
}

bool Reaper::is_stray(const Sandbox& sandbox, const CallContext& ctx) {
  const auto label = sandbox.labels.find(labels::kSession);
  if (label == sandbox.labels.end()) return true;
  auto row = dependencies_.store.get_session(label->second, ctx.within(kStoreTimeout));
  if (!row) return row.error().code == ErrorCode::not_found;
  // An expired session's files wait for its next prompt.
  return row->status == SessionStatus::terminated && row->phase != phase::kExpired;
}

void Reaper::remove_strays(const CallContext& ctx) {
  auto sandboxes =
      dependencies_.backend.list({{labels::kInstance, dependencies_.store.store_id()}}, ctx.within(kBackendTimeout));
  if (!sandboxes) {
    dependencies_.logger.warn("could not list sandboxes", {{"error", sandboxes.error().to_string()}});
    return;
  }
  for (const Sandbox& sandbox : *sandboxes) {
    if (ctx.stop.stop_requested()) return;
    if (!is_stray(sandbox, ctx)) continue;
    auto removed = dependencies_.backend.remove(sandbox.name, ctx.within(kBackendTimeout));
    dependencies_.logger.info("removed a left-over sandbox", {{"sandbox", sandbox.name}, {"ok", removed.has_value()}});
  }
}

void Reaper::end_expired(const CallContext& ctx) {
  const UnixMillis now = dependencies_.clock.now_ms();
  auto ids = dependencies_.store.sessions_expired(now, kBatch, ctx.within(kStoreTimeout));
  if (!ids) return;
  for (const std::string& id : *ids) {
    auto row = dependencies_.store.get_session(id, ctx.within(kStoreTimeout));
    if (!row) continue;
    if (row->status != SessionStatus::terminated) {
      // Its next owner finds nothing to do and the time passed.
      (void)dependencies_.queue.push({kSharedQueue, id, {}}, ctx.within(kStoreTimeout));
      continue;
    }
    auto removed = dependencies_.backend.remove(sandbox_name(id), ctx.within(kBackendTimeout));
    if (!removed && removed.error().code != ErrorCode::not_found) continue;
    (void)dependencies_.store.purge_session(id, ctx.within(kStoreTimeout));
  }
}

}  // namespace ottobot::worker
