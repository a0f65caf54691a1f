#include "stores/redis/idempotency.hpp"

#include "stores/append_rules.hpp"
#include "stores/redis/keys.hpp"
#include "stores/redis/lua.hpp"

namespace ottobot::stores {
namespace {

using redis::Request;
using redis::Script;

// ARGV: now, hash, session or "" to only look, how long it is kept, ms. → the session or "" | reused
const Script& claim_script() {
  static const Script kScript(std::string(kLuaClock) + R"(
local now = clock(ARGV[2])
local is = redis.call('HMGET', KEYS[1], 'hash', 'session', 'until')
if is[1] and tonumber(is[3]) > now then
  if is[1] ~= ARGV[3] then return {'reused'} end
  return {'known', is[2]}
end
if ARGV[4] == '' then return {'known', ''} end
redis.call('HSET', KEYS[1], 'hash', ARGV[3], 'session', ARGV[4], 'until', now + ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return {'known', ARGV[4]}
)");
  return kScript;
}

const Script& forget_script() {
  static const Script kScript(R"(
if redis.call('HGET', KEYS[1], 'session') == ARGV[2] then return redis.call('UNLINK', KEYS[1]) end
return 0
)");
  return kScript;
}

}  // namespace

Result<std::string> IdempotencyKeys::claim(const FindCreatedParams& params, const std::string& session_id,
                                           const std::string& now, const CallContext& ctx) {
  const std::string key = idempotency_key(client_.options().key_prefix, params.user, params.idempotency_key);
  auto reply = client_.call(Request::script(claim_script(), {key},
                                            {now, params.request_hash, session_id, std::to_string(kIdempotencyMillis)}),
                            ctx);
  if (!reply) return fail(reply.error());
  if ((*reply)[0].text() == "reused") return key_reused(params.idempotency_key);
  return (*reply)[1].str();
}

Result<void> IdempotencyKeys::forget(const std::string& key, const std::string& session_id, const CallContext& ctx) {
  auto forgotten = client_.call(Request::script(forget_script(), {key}, {session_id}), ctx);
  if (!forgotten) return fail(forgotten.error());
  return {};
}

}  // namespace ottobot::stores
