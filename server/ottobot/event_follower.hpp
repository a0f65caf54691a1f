// EventFollower: a session's events and deltas on the caller's thread, in the order in which they were made.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <variant>

#include "ottobot/session_store.hpp"

namespace ottobot::cli {

class EventFollower final : private SessionSink {
 public:
  struct Callbacks {
    std::function<void(const Event&)> on_event;
    std::function<void(const Json&)> on_delta;  // of the agent's answer, as published
  };

  // From the session's first event on. `store` is borrowed.
  static Result<std::unique_ptr<EventFollower>> start(SessionStore& store, const std::string& session_id,
                                                      Callbacks callbacks, const CallContext& ctx);

  // Blocks for the next news and hands them over. Errors: cancelled, deadline_exceeded, those of read().
  Result<void> pump(const CallContext& ctx);

 private:
  using Item = std::variant<Seq, Json>;  // the log reaches this far; an ephemeral message

  EventFollower(SessionStore& store, std::string session_id, Callbacks callbacks)
      : store_(store), session_id_(std::move(session_id)), callbacks_(std::move(callbacks)) {}
  void on_events(Seq last_seq) noexcept override;
  void on_ephemeral(const Json& message) noexcept override;
  void put(Item item);
  Result<Item> take(const CallContext& ctx);
  Result<void> read_up_to(Seq last_seq, const CallContext& ctx);

  SessionStore& store_;
  const std::string session_id_;
  Callbacks callbacks_;
  Seq after_ = 0;
  std::mutex mutex_;  // guards items_
  std::condition_variable_any arrived_;
  std::deque<Item> items_;
  std::unique_ptr<Subscription> subscription_;  // last: its sink uses the above
};

}  // namespace ottobot::cli
