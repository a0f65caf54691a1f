// What an mcp::Server keeps per peer: what the legacy handshake said, and which calls run.
//
// Thread-safe. Server::handle() holds on to the state, so a session may be dropped while its calls wind down.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>

#include "mcp/any_stop.hpp"
#include "ottobot/mcp/server.hpp"

namespace ottobot::mcp {

class SessionState {
 public:
  // A running request; ends with the object. Its token fires with `caller`, cancel(id) or cancel_all().
  class Call {
   public:
    Call(SessionState& session, const Json& id, const std::stop_token& caller);
    ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    std::stop_token token() const { return any_.token(); }

   private:
    SessionState& session_;
    std::list<std::pair<Json, std::stop_source>>::iterator entry_;
    AnyStop any_;
  };

  void cancel(const Json& id);
  // Ends what runs and whatever still comes.
  void cancel_all();

  // Of the legacy handshake and logging/setLevel.
  std::atomic<bool> initialized = false;
  std::atomic<LoggingLevel> log_level = LoggingLevel::info;
  void set_client_capabilities(Json capabilities);
  Json client_capabilities() const;

 private:
  mutable std::mutex mutex_;  // guards calls_, closed_ and client_capabilities_
  Json client_capabilities_;
  std::list<std::pair<Json, std::stop_source>> calls_;
  bool closed_ = false;
};

class ServerSession {
 public:
  ServerSession() : state_(std::make_shared<SessionState>()) {}
  ~ServerSession() { cancel_all(); }
  ServerSession(const ServerSession&) = delete;
  ServerSession& operator=(const ServerSession&) = delete;

  void cancel_all() { state_->cancel_all(); }
  const std::shared_ptr<SessionState>& state() const { return state_; }

 private:
  std::shared_ptr<SessionState> state_;
};

}  // namespace ottobot::mcp
