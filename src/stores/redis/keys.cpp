#include "stores/redis/keys.hpp"

#include "ottobot/ids.hpp"

namespace ottobot::stores {
namespace {

// FNV-1a: the same in every process and version.
int shard_of(const std::string& session_id) {
  std::uint32_t hash = 2166136261u;
  for (const char c : session_id) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return static_cast<int>(hash % kShards);
}

}  // namespace

SessionKeys::SessionKeys(const std::string& prefix, const std::string& session_id)
    : ShardKeys(prefix, shard_of(session_id)), id_(session_id) {}

std::vector<ShardKeys> all_shards(const std::string& prefix) {
  std::vector<ShardKeys> shards;
  for (int shard = 0; shard < kShards; ++shard) shards.emplace_back(prefix, shard);
  return shards;
}

std::string meta_key(const std::string& prefix) { return prefix + ":meta"; }

std::string idempotency_key(const std::string& prefix, const std::string& user, const std::string& key) {
  return prefix + ":key:" + sha256_hex(user + '\0' + key);
}

}  // namespace ottobot::stores
