// Calls to one queue in Redis. What the threads of this process push, lease and complete at the same time goes to Redis
// as one. Thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <initializer_list>
#include <string>
#include <vector>

#include "ottobot/queue.hpp"
#include "redis/client.hpp"
#include "stores/redis/batcher.hpp"
#include "stores/redis/queue_names.hpp"

namespace ottobot::stores {

std::string queue_key(const RedisOptions& options, const std::string& queue, const char* what);
// With the keys of the queue and those of `more`, and what every script of it is told first.
redis::Request queue_request(const RedisOptions& options, const redis::Script& script, const std::string& queue,
                             redis::Arguments arguments, std::initializer_list<const char*> more = {});

class QueueCalls {
 public:
  struct Leased {
    std::string id;
    int attempt = 0;                    // 0: there was no job
    bool more = false;                  // jobs wait still
    std::chrono::milliseconds due{-1};  // until the first delayed one; -1 = there is none
  };

  // Both are borrowed.
  QueueCalls(redis::Client& client, QueueNames& names, std::string queue);

  // False when the id waits already. Errors, of all: those of the client.
  Result<bool> push(const std::string& job_id, std::chrono::milliseconds delay, const CallContext& ctx);
  Result<std::size_t> push_all(const std::vector<std::string>& job_ids, const CallContext& ctx);
  // `again`: a look with this token was not answered. `done` is completed before, if it is held still; may be null.
  Result<Leased> lease(const std::string& token, std::chrono::milliseconds ttl, bool again, const Job* done,
                       const CallContext& ctx);
  // False when the lease is not held any more.
  Result<bool> complete(const Job& job, const CallContext& ctx);

 private:
  template <std::size_t Width>
  struct Asked {
    std::array<std::string, Width> arguments;
    bool again = false;
  };
  using Flags = Batcher<Asked<2>, bool>;
  using Leases = Batcher<Asked<4>, Leased>;

  Result<std::vector<bool>> push_all(const Flags::Entries& entries, const CallContext& ctx);
  Result<std::vector<bool>> complete_all(const Flags::Entries& entries, const CallContext& ctx);
  Result<std::vector<Leased>> lease_all(const Leases::Entries& entries, const CallContext& ctx);
  bool should_promote();

  redis::Client& client_;
  QueueNames& names_;
  const std::string queue_;
  SteadyTime promoted_at_{};  // of one call at a time
  Flags push_, complete_;
  Leases lease_;
};

}  // namespace ottobot::stores
