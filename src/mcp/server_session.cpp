#include "mcp/server_session.hpp"

#include <vector>

namespace ottobot::mcp {

SessionState::Call::Call(SessionState& session, const Json& id, const std::stop_token& caller)
    : session_(session),
      entry_([&] {
        std::lock_guard lock(session.mutex_);
        auto entry = session.calls_.emplace(session.calls_.end(), id, std::stop_source());
        if (session.closed_) entry->second.request_stop();
        return entry;
      }()),
      any_(caller, entry_->second.get_token()) {}

SessionState::Call::~Call() {
  std::lock_guard lock(session_.mutex_);
  session_.calls_.erase(entry_);
}

void SessionState::set_client_capabilities(Json capabilities) {
  std::lock_guard lock(mutex_);
  client_capabilities_ = std::move(capabilities);
}

Json SessionState::client_capabilities() const {
  std::lock_guard lock(mutex_);
  return client_capabilities_;
}

void SessionState::cancel(const Json& id) {
  std::vector<std::stop_source> sources;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [running, source] : calls_) {
      if (running == id) sources.push_back(source);
    }
  }
  // Outside the lock: stop callbacks belong to tools.
  for (auto& source : sources) source.request_stop();
}

void SessionState::cancel_all() {
  std::vector<std::stop_source> sources;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    for (const auto& call : calls_) sources.push_back(call.second);
  }
  for (auto& source : sources) source.request_stop();
}

}  // namespace ottobot::mcp
