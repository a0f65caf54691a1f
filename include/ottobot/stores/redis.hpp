// The SessionStore and the Queue that many processes on many hosts share: one Redis, or a Redis Cluster (7.0 or newer).
//
// An acknowledged append has survived what Redis itself survives: with `appendfsync always` loss of power of the
// primary, with `everysec` all but its last second, without AOF nothing but our own death. docs/adr/0008-redis-keys.md
// has the keys and what each crash does. Calls fail within a second with `unavailable` while Redis cannot be reached,
// and go on by themselves when it is back.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "ottobot/clock.hpp"
#include "ottobot/queue.hpp"
#include "ottobot/session_store.hpp"

namespace ottobot {

struct RedisOptions {
  std::string host = "localhost";  // of the server, or of any node of the cluster
  int port = 6379;
  std::string unix_path;  // instead of host and port
  std::string user;       // of an ACL; empty = the default user
  std::string password;   // empty = none
  int database = 0;       // a cluster has only this one
  bool tls = false;
  std::filesystem::path ca_file;       // authorities trusted besides the system's; empty = none
  std::string key_prefix = "ottobot";  // of every key; another one is another store
  // Of timestamps, delays, leases and expiries, borrowed. nullptr: the time of the Redis server, which is the same for
  // all processes.
  Clock* clock = nullptr;
  std::chrono::milliseconds connect_timeout{800};  // TLS and password included
};

// redis[s]://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE] or unix:PATH. Errors: invalid_argument.
Result<RedisOptions> parse_redis_url(const std::string& url);

// Errors of both: unavailable, unauthenticated (the password), permission_denied (ACL), unsupported (older than 7.0),
// and of a store read_only replica: unavailable. Blob readers, writers and subscriptions must be destroyed before the
// store, except that a Subscription may be late.
Result<std::unique_ptr<SessionStore>> make_redis_store(const RedisOptions& options);
Result<std::unique_ptr<Queue>> make_redis_queue(const RedisOptions& options);

// What is wrong with the server of `options`: everything that make_redis_store() would report, and whether it can be
// written to. For people who look for trouble: hints say what mends it.
struct RedisReport {
  std::string version;                // "7.0.15"
  bool cluster = false;
  bool append_only = false;           // what is acknowledged reaches its disk
  bool evicts = false;                // maxmemory-policy is not noeviction: it may throw sessions away
};
Result<RedisReport> probe_redis(const RedisOptions& options, const CallContext& ctx);

}  // namespace ottobot
