// Port leases of all hosts: a pool's rules are those of PortPools, in scripts. Thread-safe.
#pragma once

#include <mutex>
#include <set>

#include "ottobot/session_store.hpp"
#include "redis/client.hpp"

namespace ottobot::stores {

class RedisPorts {
 public:
  // Borrowed.
  explicit RedisPorts(redis::Client& client) : client_(client), prefix_(client.options().key_prefix) {}

  // These as SessionStore has them.
  Result<int> lease(const LeasePortParams& params, const CallContext& ctx);
  Result<void> release_all(const std::string& session_id, const CallContext& ctx);
  Result<std::vector<std::string>> holders(const std::string& host_id, const CallContext& ctx);

 private:
  std::string host_key(const std::string& host_id, const std::string& what) const;

  void remember(const std::string& host_id);
  // Where the session may have ports. Errors: those of the client.
  Result<std::set<std::string>> hosts_of(const std::string& session_id, const CallContext& ctx);

  redis::Client& client_;
  const std::string prefix_;
  std::mutex mutex_;             // guards hosts_
  std::set<std::string> hosts_;  // that this process was asked about
};

}  // namespace ottobot::stores
