// Which request each idempotency key stands for. May throw as Connection does.
#pragma once

#include "ottobot/session_store.hpp"
#include "stores/sqlite/connection.hpp"

namespace ottobot::stores {

// As SessionStore::find_created.
Result<std::optional<SessionRow>> load_created(Connection& connection, const FindCreatedParams& params, UnixMillis now);
// Also forgets what has expired by `now`.
void remember_key(Connection& connection, const CreateSessionParams& params, std::int64_t sid, UnixMillis now);

}  // namespace ottobot::stores
