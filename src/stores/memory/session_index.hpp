// Orders in which the sessions of a memory store are looked up. One thread at a time.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ottobot/session_store.hpp"

namespace ottobot::stores {

// What of a row decides whether its session has work or is due, and where it is counted.
struct SessionMarks {
  bool pending = false;
  std::optional<UnixMillis> due;
  SessionStatus status = SessionStatus::initializing;
};
SessionMarks marks_of(const SessionRow& row);

class SessionIndex {
 public:
  // `serial` orders sessions created in the same millisecond.
  void insert(const SessionRow& row, std::uint64_t serial);
  void erase(const SessionRow& row, std::uint64_t serial);
  // The row changed and had the marks `before`.
  void update(const SessionMarks& before, const SessionRow& row, std::uint64_t serial);

  std::vector<std::string> page(const ListSessionsParams& params) const;
  std::size_t total(const std::optional<std::string>& user) const;
  // Due at or before `now`, earliest first.
  std::vector<std::string> due(UnixMillis now, std::size_t limit) const;
  // Oldest first: serial -> id.
  const std::map<std::uint64_t, std::string>& pending() const { return pending_; }
  const std::map<SessionStatus, std::size_t>& by_status() const { return by_status_; }

 private:
  using Age = std::pair<UnixMillis, std::uint64_t>;  // created_at, serial
  using ByAge = std::map<Age, std::string>;

  const ByAge* of_user(const std::optional<std::string>& user) const;
  void mark(const SessionRow& row, std::uint64_t serial);
  void unmark(const SessionMarks& marks, const std::string& id, std::uint64_t serial);

  ByAge all_;
  std::map<std::string, ByAge> by_user_;
  std::map<std::uint64_t, std::string> pending_;
  std::map<SessionStatus, std::size_t> by_status_;
  std::set<std::pair<UnixMillis, std::string>> due_;
};

}  // namespace ottobot::stores
