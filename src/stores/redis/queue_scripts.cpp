#include "stores/redis/queue_scripts.hpp"

#include "stores/redis/lua.hpp"

namespace ottobot::stores::queue_scripts {
namespace {

using redis::Script;

// A job that waits is "attempt", one that is leased "attempt|token|when it is due again", the last empty unless it was
// pushed meanwhile. Whoever waits is told when there is something where nothing was.
constexpr const char* kJobs = R"(
local jobs, waiting, delayed, leased, dead, drained = unpack(KEYS)
local now, channel = clock(ARGV[2]), ARGV[3]
local function job_of(id)
  local state = redis.call('HGET', jobs, id)
  if not state then return nil end
  local attempt, token, due = string.match(state, '^(%d+)|([^|]*)|(%d*)$')
  return {attempt = tonumber(attempt or state), token = token, due = tonumber(due)}
end
local function lease(id, job)
  redis.call('HSET', jobs, id, job.attempt .. '|' .. job.token .. '|' .. (job.due and string.format('%.0f', job.due) or ''))
end
local function enqueue(id, attempt, due)
  redis.call('HSET', jobs, id, attempt)
  if due <= now then
    if redis.call('RPUSH', waiting, id) == 1 then redis.call('SPUBLISH', channel, '') end
  else
    redis.call('ZADD', delayed, due, id)
    if redis.call('ZRANGE', delayed, 0, 0)[1] == id then redis.call('SPUBLISH', channel, '') end
  end
end
local function promote()
  local due = redis.call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', 0, 1000)
  if #due == 0 then return end
  redis.call('RPUSH', waiting, unpack(due))
  redis.call('ZREM', delayed, unpack(due))
end
)";

// id, token: the lease that is to be ended, or not held any more.
constexpr const char* kHeld = R"(
local id, job = ARGV[4], job_of(ARGV[4])
if not job or job.token ~= ARGV[5] then return again and 1 or 0 end
)";

constexpr const char* kPush = R"(
local id, due = ARGV[4], now + ARGV[5]
local job = job_of(id)
if not job then
  enqueue(id, 1, due)
elseif job.token and not job.due then
  job.due = due
  lease(id, job)
elseif not again then
  return 0
end
return 1
)";

constexpr const char* kLease = R"(
local token = ARGV[4]
if again then
  for _, id in ipairs(redis.call('ZRANGE', leased, 0, -1)) do
    local job = job_of(id)
    if job and job.token == token then return {id, job.attempt, redis.call('LLEN', waiting)} end
  end
end
promote()
local id = redis.call('LPOP', waiting)
if not id then
  local first = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
  return {first[2] and first[2] - now or -1}
end
local attempt = redis.call('HGET', jobs, id)
redis.call('HSET', jobs, id, attempt .. '|' .. token .. '|')
redis.call('ZADD', leased, now + ARGV[5], id)
return {id, tonumber(attempt), redis.call('LLEN', waiting)}
)";

constexpr const char* kExtend = R"(
redis.call('ZADD', leased, now + ARGV[6], id)
return 1
)";

constexpr const char* kComplete = R"(
redis.call('ZREM', leased, id)
if job.due then enqueue(id, 1, job.due) else redis.call('HDEL', jobs, id) end
return 1
)";

constexpr const char* kFail = R"(
redis.call('ZREM', leased, id)
if job.attempt < tonumber(ARGV[6]) then
  enqueue(id, job.attempt + 1, job.due or now + ARGV[7])
  return 1
end
redis.call('RPUSH', dead, cjson.encode({id = id, reason = ARGV[8], attempts = job.attempt}))
redis.call('LTRIM', dead, -ARGV[9], -1)
if job.due then enqueue(id, 1, job.due) else redis.call('HDEL', jobs, id) end
return 1
)";

constexpr const char* kRecover = R"(
local stalled = redis.call('ZRANGEBYSCORE', leased, '-inf', now, 'LIMIT', 0, 1000)
for n = #stalled, 1, -1 do
  local id = stalled[n]
  local job = job_of(id)
  if job then
    redis.call('HSET', jobs, id, job.attempt + 1)
    redis.call('LPUSH', waiting, id)
  end
  redis.call('ZREM', leased, id)
end
if #stalled > 0 then redis.call('SPUBLISH', channel, '') end
return #stalled
)";

constexpr const char* kCounts = R"(
promote()
return {redis.call('LLEN', waiting), redis.call('ZCARD', delayed), redis.call('ZCARD', leased), redis.call('LLEN', dead)}
)";

// What was drained is kept for a moment, for whoever asks again.
constexpr const char* kDrain = R"(
local token = ARGV[4]
if again and redis.call('LINDEX', drained, 0) == token then return redis.call('LRANGE', drained, 1, -1) end
redis.call('UNLINK', drained)
redis.call('RPUSH', drained, token)
for _, ids in ipairs({redis.call('LRANGE', waiting, 0, -1), redis.call('ZRANGE', delayed, 0, -1)}) do
  for _, id in ipairs(ids) do
    redis.call('HDEL', jobs, id)
    redis.call('RPUSH', drained, id)
  end
end
redis.call('UNLINK', waiting, delayed)
redis.call('EXPIRE', drained, 60)
return redis.call('LRANGE', drained, 1, -1)
)";

Script make(const char* body) { return Script(std::string(kLuaClock) + kJobs + body); }
Script make_for_holder(const char* body) { return Script(std::string(kLuaClock) + kJobs + kHeld + body); }

}  // namespace

const Script& push() {
  static const Script kScript = make(kPush);
  return kScript;
}
const Script& lease() {
  static const Script kScript = make(kLease);
  return kScript;
}
const Script& extend() {
  static const Script kScript = make_for_holder(kExtend);
  return kScript;
}
const Script& complete() {
  static const Script kScript = make_for_holder(kComplete);
  return kScript;
}
const Script& fail() {
  static const Script kScript = make_for_holder(kFail);
  return kScript;
}
const Script& recover() {
  static const Script kScript = make(kRecover);
  return kScript;
}
const Script& counts() {
  static const Script kScript = make(kCounts);
  return kScript;
}
const Script& drain() {
  static const Script kScript = make(kDrain);
  return kScript;
}

}  // namespace ottobot::stores::queue_scripts
