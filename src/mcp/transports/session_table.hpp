// The legacy sessions of an HTTP endpoint, by id. Sessions that nobody uses for a while, and the longest unused ones
// when there are too many, are forgotten; sessions with a running request are not. Thread-safe.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "mcp/server_session.hpp"
#include "ottobot/clock.hpp"

namespace ottobot::mcp {

class SessionTable {
 public:
  // `clock` is borrowed.
  SessionTable(std::chrono::milliseconds ttl, std::size_t max_sessions, Clock& clock)
      : ttl_(ttl), max_sessions_(max_sessions), clock_(clock) {}

  // The new session's id; empty when there are max_sessions busy ones.
  std::string add(std::shared_ptr<ServerSession> session);
  // Null when there is none. Counts as use.
  std::shared_ptr<ServerSession> find(const std::string& id);
  // Cancels what runs in it. False when there is none.
  bool end(const std::string& id);
  void end_all();
  std::size_t size() const;

 private:
  struct Entry {
    std::string id;
    std::shared_ptr<ServerSession> session;
    SteadyTime last_used;
  };
  using Entries = std::list<Entry>;

  void forget_idle(SteadyTime now);
  bool make_room();

  const std::chrono::milliseconds ttl_;
  const std::size_t max_sessions_;
  Clock& clock_;
  mutable std::mutex mutex_;  // guards entries_ and index_
  Entries entries_;           // longest unused first
  std::unordered_map<std::string, Entries::iterator> index_;
};

}  // namespace ottobot::mcp
