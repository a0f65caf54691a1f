#include "ottobot/session/session_log.hpp"

#include <thread>

#include "ottobot/clock.hpp"
#include "ottobot/session/session_service.hpp"
#include "session/blob_refs.hpp"

namespace ottobot {
namespace {

constexpr Seq kEventsPerCheckpoint = 200;
constexpr std::chrono::milliseconds kFirstRetry{20};
constexpr std::chrono::milliseconds kLongestRetry{1000};

// The store may have applied it, or be away for a moment: the same ids may be appended again.
bool may_repeat(const Error& error) {
  return error.code == ErrorCode::unavailable || error.code == ErrorCode::deadline_exceeded;
}

// What `events` change in the row: it is a projection of the log.
void project(const std::vector<NewEvent>& events, const SessionState& before, RowPatch& patch) {
  Usage usage = before.usage();
  for (const NewEvent& event : events) {
    if (event.type == EventType::status_changed) patch.status = parse_session_status(get_string(event.data, "status"));
    if (event.type == EventType::phase_changed) patch.phase = get_string(event.data, "phase");
    if (event.type == EventType::turn_finished) patch.status = SessionStatus::ready;
    if (event.type == EventType::agent_message) {
      if (const Json* used = find_member(event.data, "usage")) usage += usage_from_json(*used);
      patch.usage = usage;
    }
  }
}

Event as_event(const NewEvent& event, Seq seq, UnixMillis timestamp) {
  return {seq, event.id, event.type, timestamp, event.data, event.internal};
}

}  // namespace

Result<std::unique_ptr<SessionLog>> SessionLog::open(SessionStore& store, const Lease& lease, const CallContext& ctx) {
  std::unique_ptr<SessionLog> log(new SessionLog(store, lease));
  auto checkpoint = store.get_checkpoint(lease.session_id, ctx);
  if (!checkpoint) return fail(checkpoint.error());
  if (*checkpoint) {
    if (auto state = SessionState::from_checkpoint(**checkpoint)) log->state_ = std::move(*state);
  }
  log->checkpoint_seq_ = log->state_.last_seq();
  if (auto read = log->refresh(ctx); !read) return fail(read.error());
  return log;
}

Result<void> SessionLog::commit(std::vector<NewEvent> events, const RowPatch& patch, const CallContext& ctx) {
  AppendOwnerParams params;
  params.events = std::move(events);
  params.patch = patch;
  return append(std::move(params), ctx);
}

Result<void> SessionLog::commit_if_current(std::vector<NewEvent> events, const RowPatch& patch,
                                           const CallContext& ctx) {
  AppendOwnerParams params;
  params.events = std::move(events);
  params.patch = patch;
  params.if_last_seq = state_.last_seq();
  auto done = append(std::move(params), ctx);
  if (!done && done.error().code == ErrorCode::conflict) {
    if (auto read = refresh(ctx); !read) return read;
  }
  return done;
}

Result<void> SessionLog::append(AppendOwnerParams params, const CallContext& ctx) {
  params.session_id = lease_.session_id;
  params.epoch = lease_.epoch;
  project(params.events, state_, params.patch);
  const std::vector<NewEvent> originals = params.events;
  for (NewEvent& event : params.events) {
    auto moved = session::externalize(event, store_, lease_.session_id, ctx);
    if (!moved) return fail(moved.error());
  }
  auto appended = store_.append_owner(params, ctx);
  for (auto wait = kFirstRetry; !appended && may_repeat(appended.error()) && ctx.check();
       wait = std::min(wait * 2, kLongestRetry)) {
    if (auto slept = system_clock().sleep_for(wait, ctx); !slept) break;
    appended = store_.append_owner(params, ctx);
  }
  if (!appended) return fail(appended.error());
  if (appended->seqs.empty()) return {};
  if (appended->replayed || appended->seqs.front() != state_.last_seq() + 1) return refresh(ctx);
  for (std::size_t i = 0; i < originals.size(); ++i) {
    state_.apply(as_event(originals[i], appended->seqs[i], appended->timestamp));
  }
  return {};
}

Result<void> SessionLog::refresh(const CallContext& ctx) {
  while (true) {
    ReadParams params;
    params.session_id = lease_.session_id;
    params.after = state_.last_seq();
    auto events = read_events(store_, params, ctx);
    if (!events) return fail(events.error());
    if (events->empty()) return {};
    for (const Event& event : *events) state_.apply(event);
  }
}

Result<void> SessionLog::checkpoint(const CallContext& ctx) {
  if (state_.last_seq() - checkpoint_seq_ < kEventsPerCheckpoint) return {};
  auto written = store_.put_checkpoint(lease_.session_id, state_.last_seq(), state_.to_checkpoint(), ctx);
  if (!written) return written;
  checkpoint_seq_ = state_.last_seq();
  return {};
}

}  // namespace ottobot
