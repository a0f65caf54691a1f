// Who owns which session just now, for stores that live in one process. Epochs are counted by the store; this only
// knows the newest lease of each session, and until when it is live. Thread-safe.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "ottobot/session_store.hpp"

namespace ottobot::stores {

class LeaseTable {
 public:
  explicit LeaseTable(const Clock& clock) : clock_(clock) {}

  // Errors: conflict while the lease of another owner is live.
  Result<void> check_free(const std::string& session_id, const std::string& owner) const;
  // Replaces whatever lease there was.
  void grant(const Lease& lease, std::chrono::milliseconds ttl);
  // Errors: fenced unless `lease` is the newest and was not released.
  Result<void> renew(const Lease& lease, std::chrono::milliseconds ttl);
  void release(const Lease& lease);
  void forget(const std::string& session_id);

  // The lease of `epoch` is the newest and was not released; it need not be live.
  bool holds(const std::string& session_id, std::uint64_t epoch) const;
  bool is_live(const std::string& session_id) const;

 private:
  struct Entry {
    Lease lease;
    SteadyTime until;
  };
  const Entry* find_live(const std::string& session_id) const;

  const Clock& clock_;
  mutable std::mutex mutex_;                        // guards entries_
  std::unordered_map<std::string, Entry> entries_;  // without released ones
};

}  // namespace ottobot::stores
