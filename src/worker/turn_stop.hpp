// The stop token of one running turn.
//
// It fires when a stop or a delete is announced for the session, when the lease is lost and when the worker shuts down.
// An announcement says only "look into the log": what was asked for is there.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "ottobot/session_store.hpp"

namespace ottobot::worker {

class TurnStop final : private SessionSink {
 public:
  // Fold the log once more after this: what came before was not announced here. `abandon`: lease lost or shutdown.
  TurnStop(SessionStore& store, const std::string& session_id, std::stop_token abandon)
      : on_abandon_(std::move(abandon), [this] { source_.request_stop(); }) {
    if (auto subscription = store.subscribe(session_id, *this)) subscription_ = std::move(*subscription);
  }

  std::stop_token token() const { return source_.get_token(); }

 private:
  void on_events(Seq) noexcept override {}
  void on_ephemeral(const Json& message) noexcept override {
    if (get_string(message, "kind") == kStopKind) source_.request_stop();
  }

  std::stop_source source_;
  std::stop_callback<std::function<void()>> on_abandon_;
  std::unique_ptr<Subscription> subscription_;
};

}  // namespace ottobot::worker
