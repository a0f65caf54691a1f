// Which session each idempotency key stands for. A key is in another slot than its session: it is claimed before the
// session is made, and whoever comes with the key afterwards makes that session if nobody has yet. Thread-safe.
#pragma once

#include "ottobot/session_store.hpp"
#include "redis/client.hpp"

namespace ottobot::stores {

class IdempotencyKeys {
 public:
  // Borrowed.
  explicit IdempotencyKeys(redis::Client& client) : client_(client) {}

  // The id of the session that the key stands for: `session_id` itself when the key is new, which then stands for it.
  // With an empty `session_id` nothing is written, and that of a new key is empty. `now` is as the scripts take it.
  // Errors: conflict (the key stands for another request).
  Result<std::string> claim(const FindCreatedParams& params, const std::string& session_id, const std::string& now,
                            const CallContext& ctx);
  // Unless `key`, as it is named in Redis, stands for another session by now.
  Result<void> forget(const std::string& key, const std::string& session_id, const CallContext& ctx);

 private:
  redis::Client& client_;
};

}  // namespace ottobot::stores
