#include "stores/lease_table.hpp"

#include "stores/append_rules.hpp"

namespace ottobot::stores {

const LeaseTable::Entry* LeaseTable::find_live(const std::string& session_id) const {
  const auto found = entries_.find(session_id);
  return found != entries_.end() && found->second.until > clock_.steady_now() ? &found->second : nullptr;
}

Result<void> LeaseTable::check_free(const std::string& session_id, const std::string& owner) const {
  std::lock_guard lock(mutex_);
  const Entry* live = find_live(session_id);
  if (live && live->lease.owner != owner) return lease_held(session_id, live->lease.owner);
  return {};
}

void LeaseTable::grant(const Lease& lease, std::chrono::milliseconds ttl) {
  std::lock_guard lock(mutex_);
  entries_.insert_or_assign(lease.session_id, Entry{lease, clock_.steady_now() + ttl});
}

Result<void> LeaseTable::renew(const Lease& lease, std::chrono::milliseconds ttl) {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(lease.session_id);
  if (found == entries_.end() || found->second.lease.epoch != lease.epoch) {
    return stale_epoch(lease.session_id, lease.epoch);
  }
  found->second.until = clock_.steady_now() + ttl;
  return {};
}

void LeaseTable::release(const Lease& lease) {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(lease.session_id);
  if (found != entries_.end() && found->second.lease.epoch == lease.epoch) entries_.erase(found);
}

void LeaseTable::forget(const std::string& session_id) {
  std::lock_guard lock(mutex_);
  entries_.erase(session_id);
}

bool LeaseTable::holds(const std::string& session_id, std::uint64_t epoch) const {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(session_id);
  return found != entries_.end() && found->second.lease.epoch == epoch;
}

bool LeaseTable::is_live(const std::string& session_id) const {
  std::lock_guard lock(mutex_);
  return find_live(session_id) != nullptr;
}

}  // namespace ottobot::stores
