#include "mcp/transports/session_table.hpp"

#include "ottobot/ids.hpp"

namespace ottobot::mcp {

namespace {

// References are handed out under the table's mutex only, so one that is alone stays alone.
bool is_idle(const std::shared_ptr<ServerSession>& session) { return session.use_count() == 1; }

}  // namespace

std::string SessionTable::add(std::shared_ptr<ServerSession> session) {
  std::string id = new_secret(16);
  const SteadyTime now = clock_.steady_now();
  std::lock_guard lock(mutex_);
  forget_idle(now);
  if (entries_.size() >= max_sessions_ && !make_room()) return {};
  entries_.push_back({id, std::move(session), now});
  index_.emplace(id, std::prev(entries_.end()));
  return id;
}

std::shared_ptr<ServerSession> SessionTable::find(const std::string& id) {
  const SteadyTime now = clock_.steady_now();
  std::lock_guard lock(mutex_);
  forget_idle(now);
  const auto found = index_.find(id);
  if (found == index_.end()) return nullptr;
  entries_.splice(entries_.end(), entries_, found->second);
  found->second->last_used = now;
  return found->second->session;
}

bool SessionTable::end(const std::string& id) {
  std::shared_ptr<ServerSession> session;
  {
    std::lock_guard lock(mutex_);
    const auto found = index_.find(id);
    if (found == index_.end()) return false;
    session = std::move(found->second->session);
    entries_.erase(found->second);
    index_.erase(found);
  }
  // Outside the lock: it runs the stop callbacks of tools.
  session->cancel_all();
  return true;
}

void SessionTable::end_all() {
  Entries ended;
  {
    std::lock_guard lock(mutex_);
    ended.swap(entries_);
    index_.clear();
  }
  for (auto& entry : ended) entry.session->cancel_all();
}

std::size_t SessionTable::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

void SessionTable::forget_idle(SteadyTime now) {
  for (auto it = entries_.begin(); it != entries_.end() && now - it->last_used >= ttl_;) {
    if (!is_idle(it->session)) {
      ++it;
      continue;
    }
    index_.erase(it->id);
    it = entries_.erase(it);
  }
}

bool SessionTable::make_room() {
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    if (!is_idle(it->session)) continue;
    index_.erase(it->id);
    entries_.erase(it);
    return true;
  }
  return false;
}

}  // namespace ottobot::mcp
