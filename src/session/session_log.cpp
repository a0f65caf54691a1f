#include "ottobot/session/session_log.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "ottobot/clock.hpp"
#include "ottobot/session/session_service.hpp"
#include "session/blob_refs.hpp"

namespace ottobot {
namespace {

constexpr Seq kEventsPerCheckpoint = 200;
constexpr std::chrono::milliseconds kFirstRetry{20};
constexpr std::chrono::milliseconds kLongestRetry{1000};

// The same ids may be appended again.
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

Event as_event(NewEvent event, Seq seq, UnixMillis timestamp) {
  return {seq, std::move(event.id), event.type, timestamp, std::move(event.data), std::move(event.internal)};
}

}  // namespace

Result<std::unique_ptr<SessionLog>> SessionLog::open(SessionStore& store, const Lease& lease, const CallContext& ctx) {
  std::unique_ptr<SessionLog> log(new SessionLog(store, lease));
  if (auto folded = log->fold_anew(ctx); !folded) return fail(folded.error());
  return log;
}

Result<void> SessionLog::fold_anew(const CallContext& ctx) {
  auto checkpoint = store_.get_checkpoint(lease_.session_id, ctx);
  if (!checkpoint) return fail(checkpoint.error());
  ahead_ = true;  // until all has been read
  state_ = SessionState();
  if (*checkpoint) {
    if (auto stored = SessionState::from_checkpoint(**checkpoint)) state_ = std::move(*stored);
  }
  checkpoint_seq_ = state_.last_seq();
  if (auto read = read_on(ctx); !read) return read;
  ahead_ = false;
  return {};
}

Result<void> SessionLog::commit(std::vector<NewEvent> events, const RowPatch& patch, const CallContext& ctx) {
  AppendOwnerParams params;
  params.events = std::move(events);
  params.patch = patch;
  return append(std::move(params), ctx);
}

Result<void> SessionLog::commit_if_current(std::vector<NewEvent> events, const RowPatch& patch,
                                           const CallContext& ctx) {
  if (ahead_) {
    if (auto anew = fold_anew(ctx); !anew) return anew;
    return conflict("an append has failed since the log was folded", "look at the state again");
  }
  const Seq seen = state_.last_seq();
  if (auto flushed = flush(ctx); !flushed) return flushed;
  if (state_.last_seq() != seen) return conflict("something came into the inbox", "look at the state again");
  AppendOwnerParams params;
  params.events = std::move(events);
  params.patch = patch;
  params.if_last_seq = seen;
  auto done = append(std::move(params), ctx);
  if (!done && done.error().code == ErrorCode::conflict) {
    if (auto read = refresh(ctx); !read) return read;
  }
  return done;
}

Result<void> SessionLog::commit_with_next(std::vector<NewEvent> events, const CallContext& ctx) {
  if (ahead_ || std::any_of(events.begin(), events.end(), session::has_large_value)) {
    return commit(std::move(events), {}, ctx);
  }
  project(events, state_, staged_patch_);
  for (NewEvent& event : events) {
    state_.apply(as_event(event, state_.last_seq() + 1, system_clock().now_ms()));
    staged_.push_back(std::move(event));
  }
  return {};
}

// Puts the staged events before those of `params`; how many they were.
std::size_t SessionLog::take_staged(AppendOwnerParams& params) {
  const std::size_t count = staged_.size();
  if (count == 0) return 0;
  // What the events behind them say of the same thing is newer.
  const auto take_over = [](auto& field, auto& staged) {
    if (!field) field = std::move(staged);
  };
  take_over(params.patch.status, staged_patch_.status);
  take_over(params.patch.phase, staged_patch_.phase);
  take_over(params.patch.usage, staged_patch_.usage);
  // They were folded as the next ones.
  params.if_last_seq = state_.last_seq() - static_cast<Seq>(count);
  staged_.insert(staged_.end(), std::make_move_iterator(params.events.begin()),
                 std::make_move_iterator(params.events.end()));
  params.events = std::exchange(staged_, {});
  staged_patch_ = {};
  return count;
}

Result<void> SessionLog::externalize(AppendOwnerParams& params, std::vector<NewEvent>& originals,
                                     const CallContext& ctx) {
  if (std::none_of(params.events.begin(), params.events.end(), session::has_large_value)) return {};
  originals = params.events;
  for (NewEvent& event : params.events) {
    auto moved = session::externalize(event, store_, lease_.session_id, ctx);
    if (!moved) return fail(moved.error());
  }
  return {};
}

// Repeated while the store may have applied it, or is away for a moment.
Result<AppendResult> SessionLog::append_surely(const AppendOwnerParams& params, const CallContext& ctx) {
  auto appended = store_.append_owner(params, ctx);
  for (auto wait = kFirstRetry; !appended && may_repeat(appended.error()) && ctx.check();
       wait = std::min(wait * 2, kLongestRetry)) {
    if (auto slept = system_clock().sleep_for(wait, ctx); !slept) break;
    appended = store_.append_owner(params, ctx);
  }
  return appended;
}

Result<void> SessionLog::append(AppendOwnerParams params, const CallContext& ctx) {
  if (ahead_) {
    if (auto folded = fold_anew(ctx); !folded) return folded;
  }
  params.session_id = lease_.session_id;
  params.epoch = lease_.epoch;
  project(params.events, state_, params.patch);
  std::size_t folded = take_staged(params);
  ahead_ = folded > 0;              // until they are in the log
  std::vector<NewEvent> originals;  // when the store gets them without their large values
  if (auto moved = externalize(params, originals, ctx); !moved) return moved;
  auto appended = append_surely(params, ctx);
  if (!appended && folded > 0 && appended.error().code == ErrorCode::conflict) {
    // Something came into the inbox since they were folded: it goes first.
    if (auto anew = fold_anew(ctx); !anew) return anew;
    folded = 0;
    params.if_last_seq.reset();
    appended = append_surely(params, ctx);
  }
  if (!appended) return fail(appended.error());
  if (appended->seqs.empty()) return {};
  const bool in_order = appended->seqs.front() + static_cast<Seq>(folded) == state_.last_seq() + 1;
  if (appended->replayed || !in_order) return refresh(ctx);
  auto& events = originals.empty() ? params.events : originals;
  for (std::size_t i = folded; i < events.size(); ++i) {
    state_.apply(as_event(std::move(events[i]), appended->seqs[i], appended->timestamp));
  }
  ahead_ = false;
  return {};
}

Result<void> SessionLog::flush(const CallContext& ctx) { return staged_.empty() ? Result<void>{} : append({}, ctx); }

Result<void> SessionLog::refresh(const CallContext& ctx) {
  if (ahead_) return fold_anew(ctx);
  if (auto flushed = flush(ctx); !flushed) return flushed;
  return read_on(ctx);
}

Result<void> SessionLog::read_on(const CallContext& ctx) {
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
  // Only what is in the log may be in its checkpoint.
  if (auto folded = ahead_ ? fold_anew(ctx) : flush(ctx); !folded) return folded;
  if (state_.last_seq() - checkpoint_seq_ < kEventsPerCheckpoint) return {};
  auto written = store_.put_checkpoint(lease_.session_id, state_.last_seq(), state_.to_checkpoint(), ctx);
  if (!written) return written;
  checkpoint_seq_ = state_.last_seq();
  return {};
}

}  // namespace ottobot
