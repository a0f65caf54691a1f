#include "stores/redis/queue_scripts.hpp"

#include "stores/redis/lua.hpp"

namespace ottobot::stores::queue_scripts {
namespace {

using redis::Script;

// A job that waits is "attempt:id" in `waiting` or `delayed`, and known to `jobs`: there it is since when it waits. One
// that is leased is "attempt|token|when it is due again", the last empty unless it was pushed meanwhile. These scripts are what a busy
// service runs most: each calls Redis as seldom as it can, and defines only what it uses.

// Whoever waits is told when there is something where nothing was. `jobs` knows already that it waits.
constexpr const char* kEnqueue = R"(
local function enqueue(id, attempt, due)
  local entry = attempt .. ':' .. id
  if due <= clock(ARGV[2]) then
    if redis.call('RPUSH', KEYS[2], entry) == 1 then redis.call('SPUBLISH', ARGV[3], '') end
  else
    redis.call('ZADD', KEYS[3], due, entry)
    if redis.call('ZRANGE', KEYS[3], 0, 0)[1] == entry then redis.call('SPUBLISH', ARGV[3], '') end
  end
end
)";

constexpr const char* kPromote = R"(
local function promote(now)
  local due = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now, 'LIMIT', 0, 1000)
  if #due == 0 then return end
  redis.call('RPUSH', KEYS[2], unpack(due))
  redis.call('ZREM', KEYS[3], unpack(due))
end
)";

// id, token: of the lease that is to be ended or extended.
constexpr const char* kLeased = R"(
local id = ARGV[4]
local attempt, token, due = string.match(redis.call('HGET', KEYS[1], id) or '', '^(%d+)|(.*)|(%d*)$')
)";

// What is not held any more was ended by the first call, if there was one.
constexpr const char* kEnd = R"(
if token ~= ARGV[5] then return again and 1 or 0 end
local function forget()
  if due == '' then
    redis.call('HDEL', KEYS[1], id)
  else
    redis.call('HSET', KEYS[1], id, due)
    enqueue(id, 1, tonumber(due))
  end
end
)";

// A queue that was forgotten holds nothing, and whoever pushes to it has to note its name once more: it says so by
// naming the mark that it has met. `jobs` has nothing but this job then.
constexpr const char* kRefused = R"(
local function refused()
  local mark = redis.call('GET', KEYS[5])
  if mark == ARGV[7] then redis.call('DEL', KEYS[5]) end
  if not mark or mark == ARGV[7] then return false end
  redis.call('UNLINK', KEYS[1], KEYS[2])
  return mark
end
)";

constexpr const char* kPush = R"(
local id, delay = ARGV[4], tonumber(ARGV[5])
if redis.call('HSETNX', KEYS[1], id, ARGV[6]) == 1 then
  if delay > 0 then
    local mark = refused()
    if mark then return mark end
    enqueue(id, 1, clock(ARGV[2]) + delay)
  elseif redis.call('RPUSH', KEYS[2], '1:' .. id) == 1 then
    local mark = refused()
    if mark then return mark end
    redis.call('SPUBLISH', ARGV[3], '')
  end
  return 1
end
local lease = string.match(redis.call('HGET', KEYS[1], id), '^(%d+|.*|)$')
if lease then
  redis.call('HSET', KEYS[1], id, lease .. string.format('%.0f', clock(ARGV[2]) + delay))
elseif not again then
  return 0
end
return 1
)";

constexpr const char* kLease = R"(
local token = ARGV[4]
if again then
  for _, id in ipairs(redis.call('ZRANGE', KEYS[4], 0, -1)) do
    local attempt, of = string.match(redis.call('HGET', KEYS[1], id) or '', '^(%d+)|(.*)|%d*$')
    if of == token then
      redis.call('ZADD', KEYS[4], clock(ARGV[2]) + ARGV[5], id)
      return {id, tonumber(attempt), redis.call('LLEN', KEYS[2])}
    end
  end
end
local now = clock(ARGV[2])
if ARGV[6] == '1' then promote(now) end
local entry = redis.call('LPOP', KEYS[2])
if not entry then
  promote(now)
  entry = redis.call('LPOP', KEYS[2])
end
if not entry then
  local first = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
  return {first[2] and first[2] - now or -1}
end
local colon = string.find(entry, ':', 1, true)
local attempt, id = string.sub(entry, 1, colon - 1), string.sub(entry, colon + 1)
redis.call('HSET', KEYS[1], id, attempt .. '|' .. token .. '|')
redis.call('ZADD', KEYS[4], now + ARGV[5], id)
return {id, tonumber(attempt), redis.call('LLEN', KEYS[2])}
)";

// One that was extended is held still: one that is not was lost, whichever call this is.
constexpr const char* kExtend = R"(
if token ~= ARGV[5] then return 0 end
redis.call('ZADD', KEYS[4], clock(ARGV[2]) + ARGV[6], id)
return 1
)";

constexpr const char* kComplete = R"(
redis.call('ZREM', KEYS[4], id)
forget()
return 1
)";

constexpr const char* kFail = R"(
redis.call('ZREM', KEYS[4], id)
if tonumber(attempt) < tonumber(ARGV[6]) then
  local now = clock(ARGV[2])
  redis.call('HSET', KEYS[1], id, string.format('%.0f', now))
  enqueue(id, attempt + 1, tonumber(due) or now + ARGV[7])
  return 1
end
redis.call('RPUSH', KEYS[5], ARGV[8])
redis.call('LTRIM', KEYS[5], -ARGV[9], -1)
forget()
return 1
)";

constexpr const char* kRecover = R"(
local now = clock(ARGV[2])
local stalled = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', now, 'LIMIT', 0, 1000)
for n = #stalled, 1, -1 do
  local id = stalled[n]
  local attempt = string.match(redis.call('HGET', KEYS[1], id) or '', '^(%d+)|')
  if attempt then
    redis.call('HSET', KEYS[1], id, string.format('%.0f', now))
    redis.call('LPUSH', KEYS[2], (attempt + 1) .. ':' .. id)
  end
  redis.call('ZREM', KEYS[4], id)
end
if #stalled > 0 then redis.call('SPUBLISH', ARGV[3], '') end
return #stalled
)";

constexpr const char* kCounts = R"(
promote(clock(ARGV[2]))
return {redis.call('LLEN', KEYS[2]), redis.call('ZCARD', KEYS[3]), redis.call('ZCARD', KEYS[4]),
        redis.call('LLEN', KEYS[5])}
)";

// What was drained is kept for a moment, for whoever asks again.
constexpr const char* kDrain = R"(
local token, drained = ARGV[4], KEYS[5]
if again and redis.call('LINDEX', drained, 0) == token then return redis.call('LRANGE', drained, 1, -1) end
redis.call('UNLINK', drained)
redis.call('RPUSH', drained, token)
for _, entries in ipairs({redis.call('LRANGE', KEYS[2], 0, -1), redis.call('ZRANGE', KEYS[3], 0, -1)}) do
  for _, entry in ipairs(entries) do
    local id = string.match(entry, '^%d+:(.*)$')
    redis.call('HDEL', KEYS[1], id)
    redis.call('RPUSH', drained, id)
  end
end
redis.call('UNLINK', KEYS[2], KEYS[3])
redis.call('EXPIRE', drained, 60)
return redis.call('LRANGE', drained, 1, -1)
)";

Script make(std::initializer_list<const char*> parts) {
  std::string text = std::string(kEvenWhenFull) + kLuaClock;  // a session is ended by way of its job
  for (const char* part : parts) text += part;
  return Script(std::move(text));
}

}  // namespace

const Script& push() {
  static const Script kScript = make({kEnqueue, kRefused, kPush});
  return kScript;
}
const Script& lease() {
  static const Script kScript = make({kPromote, kLease});
  return kScript;
}
const Script& extend() {
  static const Script kScript = make({kLeased, kExtend});
  return kScript;
}
const Script& complete() {
  static const Script kScript = make({kEnqueue, kLeased, kEnd, kComplete});
  return kScript;
}
const Script& fail() {
  static const Script kScript = make({kEnqueue, kLeased, kEnd, kFail});
  return kScript;
}
const Script& recover() {
  static const Script kScript = make({kRecover});
  return kScript;
}
const Script& counts() {
  static const Script kScript = make({kPromote, kCounts});
  return kScript;
}
const Script& drain() {
  static const Script kScript = make({kDrain});
  return kScript;
}

}  // namespace ottobot::stores::queue_scripts
