// PortPools that survive a restart. Thread-safe.
#pragma once

#include <mutex>

#include "stores/port_pools.hpp"
#include "stores/sqlite/writer.hpp"

namespace ottobot::stores {

class PortLeases {
 public:
  explicit PortLeases(Writer& writer) : writer_(writer) {}

  // Takes over the leases of the run before; once, before anything else.
  Result<void> load();
  Result<int> lease(const LeasePortParams& params, const CallContext& ctx);
  Result<void> release_all(const std::string& session_id, const CallContext& ctx);
  std::vector<std::string> holders(const std::string& host_id);

  // release_all() as part of a transaction of the caller's: erase() inside it, forget() once it is committed.
  static void erase(Connection& connection, const std::string& session_id);
  void forget(const std::string& session_id);

 private:
  Writer& writer_;
  std::mutex mutex_;  // guards pools_
  PortPools pools_;
};

}  // namespace ottobot::stores
