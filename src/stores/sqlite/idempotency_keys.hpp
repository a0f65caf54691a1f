// Which request each idempotency key stands for. May throw as Connection does.
#pragma once

#include "ottobot/session_store.hpp"
#include "stores/sqlite/connection.hpp"

namespace ottobot::stores {

struct KnownKey {
  std::string request_hash, session_id;
};
std::optional<KnownKey> find_key(Connection& connection, const std::string& user, const std::string& key,
                                 UnixMillis now);
// Also forgets what has expired by `now`.
void remember_key(Connection& connection, const CreateSessionParams& params, std::int64_t sid, UnixMillis now);

}  // namespace ottobot::stores
