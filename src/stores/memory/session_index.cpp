#include "stores/memory/session_index.hpp"

#include "stores/append_rules.hpp"

namespace ottobot::stores {

SessionMarks marks_of(const SessionRow& row) {
  return {row.pending, due_at(row.expires_at, row.purge_at), row.status};
}

void SessionIndex::insert(const SessionRow& row, std::uint64_t serial) {
  all_.emplace(Age{row.created_at, serial}, row.id);
  by_user_[row.user].emplace(Age{row.created_at, serial}, row.id);
  mark(row, serial);
}

void SessionIndex::erase(const SessionRow& row, std::uint64_t serial) {
  all_.erase(Age{row.created_at, serial});
  const auto user = by_user_.find(row.user);
  user->second.erase(Age{row.created_at, serial});
  if (user->second.empty()) by_user_.erase(user);
  unmark(marks_of(row), row.id, serial);
}

void SessionIndex::update(const SessionMarks& before, const SessionRow& row, std::uint64_t serial) {
  const SessionMarks after = marks_of(row);
  if (before.pending == after.pending && before.due == after.due && before.status == after.status) return;
  unmark(before, row.id, serial);
  mark(row, serial);
}

void SessionIndex::mark(const SessionRow& row, std::uint64_t serial) {
  const SessionMarks marks = marks_of(row);
  if (marks.pending) pending_.emplace(serial, row.id);
  if (marks.due) due_.emplace(*marks.due, row.id);
  ++by_status_[marks.status];
}

void SessionIndex::unmark(const SessionMarks& marks, const std::string& id, std::uint64_t serial) {
  if (marks.pending) pending_.erase(serial);
  if (marks.due) due_.erase({*marks.due, id});
  if (--by_status_[marks.status] == 0) by_status_.erase(marks.status);
}

const SessionIndex::ByAge* SessionIndex::of_user(const std::optional<std::string>& user) const {
  if (!user) return &all_;
  const auto found = by_user_.find(*user);
  return found == by_user_.end() ? nullptr : &found->second;
}

std::vector<std::string> SessionIndex::page(const ListSessionsParams& params) const {
  std::vector<std::string> ids;
  const ByAge* sessions = of_user(params.user);
  if (!sessions || params.offset >= sessions->size()) return ids;
  auto session = std::next(sessions->rbegin(), static_cast<std::ptrdiff_t>(params.offset));
  for (; session != sessions->rend() && ids.size() < params.limit; ++session) ids.push_back(session->second);
  return ids;
}

std::size_t SessionIndex::total(const std::optional<std::string>& user) const {
  const ByAge* sessions = of_user(user);
  return sessions ? sessions->size() : 0;
}

std::vector<std::string> SessionIndex::due(UnixMillis now, std::size_t limit) const {
  std::vector<std::string> ids;
  for (auto entry = due_.begin(); entry != due_.end() && entry->first <= now && ids.size() < limit; ++entry) {
    ids.push_back(entry->second);
  }
  return ids;
}

}  // namespace ottobot::stores
