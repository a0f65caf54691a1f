// Who takes jobs: the records of all workers, in one place of Redis. Thread-safe.
#pragma once

#include "ottobot/queue.hpp"
#include "redis/client.hpp"

namespace ottobot::stores {

class WorkerRecords {
 public:
  // Borrowed.
  explicit WorkerRecords(redis::Client& client) : client_(client) {}

  // These as Queue has them.
  Result<void> announce(const WorkerRecord& worker, std::chrono::milliseconds ttl, const CallContext& ctx);
  Result<void> withdraw(const std::string& worker_id, const CallContext& ctx);
  Result<std::vector<WorkerRecord>> all(const CallContext& ctx);

 private:
  Result<redis::Reply> run(const redis::Script& script, redis::Arguments arguments, const CallContext& ctx);

  redis::Client& client_;
};

}  // namespace ottobot::stores
