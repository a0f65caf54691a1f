// What comes first on a server: whether it has what we need, and whose data it has.
#pragma once

#include <string>

#include "redis/client.hpp"

namespace ottobot::stores {

inline constexpr const char* kKeyFormat = "1";  // of docs/adr/0008-redis-keys.md

// Errors: unsupported (older than 7.0), permission_denied (the ACL user may not use our channels), and those of
// redis::Client::call().
Result<void> check_server(redis::Client& client, const CallContext& ctx);

// The name of the store: the first one that somebody gives it. Errors: unsupported (keys of another format), and those
// of redis::Client::call().
Result<std::string> name_store(redis::Client& client, const CallContext& ctx);

}  // namespace ottobot::stores
