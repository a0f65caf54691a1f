// SessionLog: the owner's hand on a session's log.
//
// Made by whoever holds the lease; keeps the fold of the log in step with what it appends and with what others put into
// the inbox. Strings over 64 KiB are stored as blobs and put back when read. One thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ottobot/session_state.hpp"
#include "ottobot/session_store.hpp"

namespace ottobot {

class SessionLog {
 public:
  // Folds the log from its newest checkpoint. `store` is borrowed. Errors: not_found, those of read().
  static Result<std::unique_ptr<SessionLog>> open(SessionStore& store, const Lease& lease, const CallContext& ctx);

  const std::string& session_id() const { return lease_.session_id; }
  const SessionState& state() const { return state_; }

  // Appends and folds, inbox events that came in between first; the row follows what the events say, and `patch`. An
  // append with an unknown outcome is repeated until ctx ends: it is applied once. Errors: fenced, those of
  // append_owner.
  Result<void> commit(std::vector<NewEvent> events, const RowPatch& patch, const CallContext& ctx);
  // As commit, but only if the log is what the state says: conflict otherwise (something came in, or an append before
  // has failed), after folding what the log has.
  Result<void> commit_if_current(std::vector<NewEvent> events, const RowPatch& patch, const CallContext& ctx);
  // As commit, but in one append with what is committed next: for events that another follows at once. They are folded
  // now. Until then they can be lost with the process, or by a failing append, as if what gave them had not happened;
  // refresh() tells. Large values are appended at once.
  Result<void> commit_with_next(std::vector<NewEvent> events, const CallContext& ctx);
  // Folds what others appended.
  Result<void> refresh(const CallContext& ctx);
  // Writes a checkpoint when the log has grown enough since the last one to be worth it.
  Result<void> checkpoint(const CallContext& ctx);

 private:
  SessionLog(SessionStore& store, Lease lease) : store_(store), lease_(std::move(lease)) {}
  Result<void> append(AppendOwnerParams params, const CallContext& ctx);
  Result<AppendResult> append_surely(const AppendOwnerParams& params, const CallContext& ctx);
  Result<void> externalize(AppendOwnerParams& params, std::vector<NewEvent>& originals, const CallContext& ctx);
  std::size_t take_staged(AppendOwnerParams& params);
  Result<void> flush(const CallContext& ctx);
  Result<void> fold_anew(const CallContext& ctx);
  Result<void> read_on(const CallContext& ctx);

  SessionStore& store_;
  Lease lease_;
  SessionState state_;
  Seq checkpoint_seq_ = 0;
  std::vector<NewEvent> staged_;  // folded, and not appended yet
  RowPatch staged_patch_;         // what they make of the row
  bool ahead_ = false;            // state_ may have events that are not in the log
};

}  // namespace ottobot
