#include "stores/redis/queue_scripts.hpp"

#include "stores/redis/lua.hpp"

namespace ottobot::stores::queue_scripts {
namespace {

using redis::Script;

// A job that waits is "attempt:id" in `waiting` or `delayed`, and known to `jobs`: there it is since when it waits. One
// that is leased is "attempt|token|when it is due again", the last empty unless it was pushed meanwhile. These scripts
// are what a busy service runs most: each calls Redis as seldom as it can, and defines only what it uses.

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

// Of many: ARGV[4] has a '1' at the place of each for which it may have been run already, or nothing; the arguments of
// each, `width` of them, begin at ARGV[first].
constexpr const char* kMany = R"(
local repeats = ARGV[4]
local function may_be_done(n) return again or string.sub(repeats, n, n) == '1' end
local function of_each(first, width)
  local values, count = {}, 0
  for n = first, #ARGV, width do
    count = count + 1
    values[count] = ARGV[n]
  end
  return values
end
local function states_of(ids)
  local states = {}
  for n, state in ipairs(redis.call('HMGET', KEYS[1], unpack(ids))) do states[ids[n]] = states[ids[n]] or state end
  return states
end
)";

// A queue that was forgotten holds nothing, and whoever pushes to it has to note its name once more: it says so by
// naming the mark that it has met.
constexpr const char* kPush = R"(
local since, mark = ARGV[5], redis.call('GET', KEYS[5])
if mark then
  if mark ~= ARGV[6] then return mark end
  redis.call('DEL', KEYS[5])
end
local ids = of_each(7, 2)
local states = states_of(ids)
local answers, changes, entries, changed, pushed = {}, {}, {}, 0, 0
for n, id in ipairs(ids) do
  local state, delay = states[id], ARGV[2 * n + 6]
  local lease = state and string.match(state, '^(%d+|.*|)$')
  answers[n] = 1
  if not state then
    state = since
    if delay == '0' then
      pushed = pushed + 1
      entries[pushed] = '1:' .. id
    else
      enqueue(id, 1, clock(ARGV[2]) + delay)
    end
  elseif lease then
    state = lease .. string.format('%.0f', clock(ARGV[2]) + delay)
  else
    answers[n] = may_be_done(n) and 1 or 0
  end
  if states[id] ~= state then
    states[id] = state
    changes[changed + 1], changes[changed + 2] = id, state
    changed = changed + 2
  end
end
if changed > 0 then redis.call('HSET', KEYS[1], unpack(changes)) end
if pushed > 0 and redis.call('RPUSH', KEYS[2], unpack(entries)) == pushed then redis.call('SPUBLISH', ARGV[3], '') end
return answers
)";

// Returns which leases were held.
constexpr const char* kEndLeases = R"(
local function end_leases(ids, tokens)
  local states, held, ended, done, count, gone = states_of(ids), {}, {}, {}, 0, 0
  for n, id in ipairs(ids) do
    local token, due = string.match(states[id] or '', '^%d+|(.*)|(%d*)$')
    if token == tokens[n] then
      held[n] = true
      states[id] = ''
      count = count + 1
      ended[count] = id
      if due == '' then
        gone = gone + 1
        done[gone] = id
      else
        redis.call('HSET', KEYS[1], id, due)
        enqueue(id, 1, tonumber(due))
      end
    end
  end
  if count > 0 then redis.call('ZREM', KEYS[4], unpack(ended)) end
  if gone > 0 then redis.call('HDEL', KEYS[1], unpack(done)) end
  return held
end
)";

// For each: the token and the milliseconds of the lease, the id and the token of what is done, or two empty ones.
constexpr const char* kLease = R"(
local done_ids, done_tokens, done = {}, {}, 0
for n = 8, #ARGV, 4 do
  if ARGV[n] ~= '' then
    done = done + 1
    done_ids[done], done_tokens[done] = ARGV[n], ARGV[n + 1]
  end
end
if done > 0 then end_leases(done_ids, done_tokens) end
local tokens, terms = of_each(6, 4), of_each(7, 4)
local answers, wanted, count, held = {}, {}, 0, nil
for n = 1, #tokens do
  answers[n] = ''
  if may_be_done(n) then
    if not held then
      held = {}
      for _, id in ipairs(redis.call('ZRANGE', KEYS[4], 0, -1)) do
        local attempt, token = string.match(redis.call('HGET', KEYS[1], id) or '', '^(%d+)|(.*)|%d*$')
        if token then held[token] = attempt .. ':' .. id end
      end
    end
    local entry = held[tokens[n]]
    if entry then
      redis.call('ZADD', KEYS[4], clock(ARGV[2]) + terms[n], string.match(entry, ':(.*)$'))
      answers[n] = entry
    end
  end
  if answers[n] == '' then
    count = count + 1
    wanted[count] = n
  end
end
local now, entries, taken = clock(ARGV[2]), {}, 0
local function take()
  for _, entry in ipairs(redis.call('LPOP', KEYS[2], count - taken) or {}) do
    taken = taken + 1
    entries[taken] = entry
  end
end
if ARGV[5] == '1' then promote(now) end
take()
if taken < count then
  promote(now)
  take()
end
local leases, ends = {}, {}
for k, entry in ipairs(entries) do
  local n, colon = wanted[k], string.find(entry, ':', 1, true)
  local id = string.sub(entry, colon + 1)
  answers[n] = entry
  leases[2 * k - 1], leases[2 * k] = id, string.sub(entry, 1, colon - 1) .. '|' .. tokens[n] .. '|'
  ends[2 * k - 1], ends[2 * k] = now + terms[n], id
end
local due = -1
if taken > 0 then
  redis.call('HSET', KEYS[1], unpack(leases))
  redis.call('ZADD', KEYS[4], unpack(ends))
end
if taken < count then
  local first = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
  if first[2] then due = first[2] - now end
end
return {redis.call('LLEN', KEYS[2]), due, answers}
)";

// One that was extended is held still: one that is not was lost, whichever call this is.
constexpr const char* kExtend = R"(
if token ~= ARGV[5] then return 0 end
redis.call('ZADD', KEYS[4], clock(ARGV[2]) + ARGV[6], id)
return 1
)";

constexpr const char* kComplete = R"(
local ids, tokens = of_each(5, 2), of_each(6, 2)
local held, answers = end_leases(ids, tokens), {}
for n = 1, #ids do answers[n] = (held[n] or may_be_done(n)) and 1 or 0 end
return answers
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
  static const Script kScript = make({kEnqueue, kMany, kPush});
  return kScript;
}
const Script& lease() {
  static const Script kScript = make({kEnqueue, kPromote, kMany, kEndLeases, kLease});
  return kScript;
}
const Script& extend() {
  static const Script kScript = make({kLeased, kExtend});
  return kScript;
}
const Script& complete() {
  static const Script kScript = make({kEnqueue, kMany, kEndLeases, kComplete});
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
