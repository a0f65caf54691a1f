#include "stores/redis/session_scripts.hpp"

#include "stores/redis/lua.hpp"

namespace ottobot::stores::session_scripts {
namespace {

using redis::Script;

// Reads lists of ARGV one after the other, writes events, and says where a row stands in the indexes.
// Lua's unpack() takes less than 8000 values: lists that callers make are cut into slices.
const std::string kLog = std::string(kLuaClock) + R"(
local slice = 4000
local row, events, ids, named, work, due, counts, turns = unpack(KEYS, 1, 8)
local position
local function take_list()
  local count = tonumber(ARGV[position])
  local first = position + 1
  position = first + count
  return first, count
end
local function take_fields(into)
  local first, count = take_list()
  local fields = {}
  for n = first, first + count - 1, 2 do
    fields[ARGV[n]] = ARGV[n + 1]
    into[#into + 1] = ARGV[n]
    into[#into + 1] = ARGV[n + 1]
  end
  return fields
end
local function write_events(first, count, last, timestamp)
  local known = {}
  for n = first, first + count - 1, 4 do
    last = last + 1
    redis.call('XADD', events, last .. '-0', 'i', ARGV[n], 't', ARGV[n + 1], 'm', timestamp, 'd', ARGV[n + 2], 'n',
               ARGV[n + 3])
    known[#known + 1] = ARGV[n]
    known[#known + 1] = last
    if #known == slice then
      redis.call('HSET', ids, unpack(known))
      known = {}
    end
  end
  if #known > 0 then redis.call('HSET', ids, unpack(known)) end
  return last
end
local function set_due(id, expires_at, purge_at)
  local at = purge_at ~= 0 and purge_at or expires_at
  if at ~= 0 then redis.call('ZADD', due, at, id) else redis.call('ZREM', due, id) end
end
)";

const std::string kCreate = kLog + R"(
local now, id, channel, created_at, serial = clock(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
position = 7
local fields = {}
local given = take_fields(fields)
local first, count = take_list()
if redis.call('EXISTS', row) == 1 then
  local ours = again and (count == 0 or redis.call('HGET', ids, ARGV[first]) == '1')
  return {ours and 'made' or 'exists'}
end
local last = write_events(first, count, 0, now)
redis.call('HSET', row, 'created_at', created_at, 'serial', serial, 'last_seq', last, 'last_ts', now, 'pending', '1',
           'epoch', 0, 'owner', '', unpack(fields))
redis.call('ZADD', KEYS[9], created_at, serial .. id)
redis.call('ZADD', KEYS[10], created_at, serial .. id)
redis.call('ZADD', work, math.min(created_at, now), id)
set_due(id, tonumber(given.expires_at or 0), tonumber(given.purge_at or 0))
redis.call('HINCRBY', counts, given.status, 1)
redis.call('PERSIST', KEYS[11])
if count > 0 then redis.call('SPUBLISH', channel, 'e' .. last) end
return {'made'}
)";

const std::string kAppend = kLog + R"(
local now, id, channel, epoch, expected = clock(ARGV[2]), ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local was = redis.call('HMGET', row, 'last_seq', 'last_ts', 'epoch', 'owner', 'status', 'pending', 'expires_at',
                       'purge_at', 'created_at', 'until')
if not was[1] then return {'missing'} end
if epoch ~= '' and (was[3] ~= epoch or was[4] == '') then return {'fenced'} end
local last = tonumber(was[1])
position = 7
local fields = {}
local patch = take_fields(fields)
local first_blob, blob_count = take_list()
local first_turn, turn_count = take_list()
local first, count = take_list()
if count > 0 then
  local known = {}
  for from = first, first + count - 1, 4 * slice do
    local asked = {}
    for n = from, math.min(from + 4 * slice, first + count) - 1, 4 do asked[#asked + 1] = ARGV[n] end
    for _, seq in ipairs(redis.call('HMGET', ids, unpack(asked))) do
      if seq then known[#known + 1] = seq end
    end
  end
  if #known == count / 4 then
    local entry = redis.call('XRANGE', events, known[1], known[1])[1]
    local answer = {'known', last, tonumber(entry[2][6])}
    for n = 1, #known do answer[n + 3] = known[n] end
    return answer
  end
  if #known > 0 then return {'part'} end
end
if expected ~= '' and tonumber(expected) ~= last then return {'moved', last} end
local timestamp = math.max(now, tonumber(was[2]))
last = write_events(first, count, last, timestamp)
redis.call('HSET', row, 'last_seq', last, 'last_ts', timestamp, unpack(fields))
for n = first_blob, first_blob + blob_count - 1, slice do
  redis.call('SADD', named, unpack(ARGV, n, math.min(n + slice, first_blob + blob_count) - 1))
end
for n = first_turn, first_turn + turn_count - 1, 3 do
  local add = ARGV[n + 1] == 'cost_usd' and 'HINCRBYFLOAT' or 'HINCRBY'
  redis.call(add, row, 'turns:' .. ARGV[n + 1], ARGV[n + 2])
  redis.call(add, turns, ARGV[n] .. ':' .. ARGV[n + 1], ARGV[n + 2])
end
if patch.pending and patch.pending ~= was[6] then
  if patch.pending == '1' then
    redis.call('ZADD', work, was[4] ~= '' and was[10] or math.min(tonumber(was[9]), now), id)
  else
    redis.call('ZREM', work, id)
  end
end
if patch.status and patch.status ~= was[5] then
  redis.call('HINCRBY', counts, was[5], -1)
  redis.call('HINCRBY', counts, patch.status, 1)
end
if patch.expires_at or patch.purge_at then
  set_due(id, tonumber(patch.expires_at or was[7] or 0), tonumber(patch.purge_at or was[8] or 0))
end
if count > 0 then redis.call('SPUBLISH', channel, 'e' .. last) end
return {'done', last, timestamp}
)";

const std::string kPurge = kLog + R"(
local id, serial, blob_prefix = ARGV[2], ARGV[3], ARGV[4]
local status = redis.call('HGET', row, 'status')
if not status then return {again and 'gone' or 'missing'} end
redis.call('ZREM', KEYS[9], serial .. id)
redis.call('ZREM', KEYS[10], serial .. id)
redis.call('ZREM', work, id)
redis.call('ZREM', due, id)
redis.call('HINCRBY', counts, status, -1)
for _, blob in ipairs(redis.call('SMEMBERS', KEYS[12])) do redis.call('UNLINK', blob_prefix .. blob) end
redis.call('UNLINK', row, events, ids, named, KEYS[11], KEYS[12], KEYS[13])
return {'gone'}
)";

const std::string kAcquire = std::string(kEvenWhenFull) + kLuaClock + R"(
local row, work = KEYS[1], KEYS[2]
local now, id, owner, ttl = clock(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5])
local was = redis.call('HMGET', row, 'last_seq', 'owner', 'until', 'pending')
if not was[1] then return {'missing'} end
if was[2] ~= '' and was[2] ~= owner and tonumber(was[3]) > now then return {'held', was[2]} end
local epoch = redis.call('HINCRBY', row, 'epoch', 1)
redis.call('HSET', row, 'owner', owner, 'until', now + ttl)
if was[4] == '1' then redis.call('ZADD', work, now + ttl, id) end
return {'done', epoch}
)";

const std::string kRenew = std::string(kEvenWhenFull) + kLuaClock + R"(
local row, work = KEYS[1], KEYS[2]
local now, id, epoch, ttl = clock(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5])
local was = redis.call('HMGET', row, 'epoch', 'owner', 'pending', 'created_at')
if was[1] ~= epoch or was[2] == '' then return {'fenced'} end
if ttl > 0 then
  redis.call('HSET', row, 'until', now + ttl)
else
  redis.call('HSET', row, 'owner', '', 'until', 0)
end
if was[3] == '1' then
  redis.call('ZADD', work, ttl > 0 and now + ttl or math.min(tonumber(was[4]), now), id)
end
return {'done'}
)";

const std::string kCheckpoint = R"(
if redis.call('EXISTS', KEYS[1]) == 0 then return {'missing'} end
local seq = redis.call('HGET', KEYS[2], 'seq')
if not seq or tonumber(seq) <= tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[2], 'seq', ARGV[2], 'state', ARGV[3])
end
return {'done'}
)";

// The fields of an entry: i, its id, t, its type, …
const std::string kNewest = R"(
local last = redis.call('HGET', KEYS[1], 'last_seq') or '0'
for _, entry in ipairs(redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', ARGV[2])) do
  local kind = entry[2][4]
  if kind == 'turn_finished' then break end
  if kind == 'stop_requested' or kind == 'delete_requested' then return {last, 1} end
end
return {last, 0}
)";

const std::string kPutPiece = R"(
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
return redis.call('PEXPIRE', KEYS[1], ARGV[4])
)";

const std::string kKeepBlob = R"(
local row, upload, blob, blobs = unpack(KEYS)
if redis.call('EXISTS', row) == 0 then
  redis.call('UNLINK', upload)
  return {'missing'}
end
if redis.call('EXISTS', blob) == 1 then
  redis.call('UNLINK', upload)
elseif redis.call('HSET', upload, 'size', ARGV[3]) and redis.call('HLEN', upload) < tonumber(ARGV[4]) then
  redis.call('UNLINK', upload)
  return {'lost'}
else
  redis.call('RENAME', upload, blob)
  redis.call('PERSIST', blob)
end
redis.call('SADD', blobs, ARGV[2])
return {'done'}
)";

const std::string kRemoveBlob = R"(
local again = ARGV[1] == '1'
local row, named, blob, removed, blobs = unpack(KEYS)
local is = redis.call('HMGET', row, 'epoch', 'owner', 'archive_blob', 'snapshot_blob')
if not is[1] then return {'missing'} end
if is[1] ~= ARGV[2] or is[2] == '' then return {'fenced'} end
if redis.call('EXISTS', blob) == 0 then return {again and 'done' or 'absent'} end
if is[3] == ARGV[3] or is[4] == ARGV[3] or redis.call('SISMEMBER', named, ARGV[3]) == 1 then return {'used'} end
redis.call('RENAME', blob, removed)
redis.call('PEXPIRE', removed, ARGV[4])
redis.call('SREM', blobs, ARGV[3])
return {'done'}
)";

}  // namespace

redis::Arguments log_keys(const SessionKeys& keys) {
  return {keys.row(),  keys.events(), keys.ids(),    keys.named_blobs(),
          keys.work(), keys.due(),    keys.counts(), keys.turns()};
}

const Script& create() {
  static const Script kScript(kCreate);
  return kScript;
}
const Script& append() {
  static const Script kScript(kAppend);
  return kScript;
}
const Script& append_when_full() {
  static const Script kScript(kEvenWhenFull + kAppend);
  return kScript;
}
const Script& purge() {
  static const Script kScript(kPurge);
  return kScript;
}
const Script& acquire() {
  static const Script kScript(kAcquire);
  return kScript;
}
const Script& renew() {
  static const Script kScript(kRenew);
  return kScript;
}
const Script& put_checkpoint() {
  static const Script kScript(kCheckpoint);
  return kScript;
}
const Script& newest() {
  static const Script kScript(kNewest);
  return kScript;
}
const Script& put_piece() {
  static const Script kScript(kPutPiece);
  return kScript;
}
const Script& keep_blob() {
  static const Script kScript(kKeepBlob);
  return kScript;
}
const Script& remove_blob() {
  static const Script kScript(kRemoveBlob);
  return kScript;
}

}  // namespace ottobot::stores::session_scripts
