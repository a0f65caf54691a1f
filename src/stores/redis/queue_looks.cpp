#include "stores/redis/queue_looks.hpp"

#include <array>

#include "stores/redis/lua.hpp"

namespace ottobot::stores::queue_looks {
namespace {

using redis::ReplyView;
using redis::Script;

// What is due but still among the delayed counts as waiting: nobody has looked for a while.
constexpr const char* kOverview = R"(
local now = clock(ARGV[2])
local due, delayed = redis.call('ZCOUNT', KEYS[3], '-inf', now), redis.call('ZCARD', KEYS[3])
local ids, oldest = {}, 0
for _, entry in ipairs(redis.call('LRANGE', KEYS[2], 0, 99)) do ids[#ids + 1] = string.match(entry, '^%d+:(.*)$') end
for _, entry in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now, 'LIMIT', 0, 100)) do
  ids[#ids + 1] = string.match(entry, '^%d+:(.*)$')
end
if #ids > 0 then
  for _, text in ipairs(redis.call('HMGET', KEYS[1], unpack(ids))) do
    local since = tonumber(text or '')
    if since and (oldest == 0 or since < oldest) then oldest = since end
  end
end
return {redis.call('LLEN', KEYS[2]) + due, delayed - due, redis.call('ZCARD', KEYS[4]), redis.call('LLEN', KEYS[5]),
        oldest}
)";

constexpr const char* kJobs = R"(
local now, left, found = clock(ARGV[2]), tonumber(ARGV[4]), {}
local function add(state, id, attempt, since, due)
  for _, field in ipairs({state, id, tonumber(attempt) or 1, since or 0, due}) do found[#found + 1] = field end
  left = left - 1
end
local leased = left > 0 and redis.call('ZRANGE', KEYS[4], 0, left - 1, 'WITHSCORES') or {}
for n = 1, #leased, 2 do
  add('leased', leased[n], string.match(redis.call('HGET', KEYS[1], leased[n]) or '', '^(%d+)|'), 0,
      tonumber(leased[n + 1]))
end
local function add_waiting(state, entry, due)
  local attempt, id = string.match(entry, '^(%d+):(.*)$')
  add(state, id, attempt, tonumber(redis.call('HGET', KEYS[1], id) or ''), due)
end
for _, entry in ipairs(left > 0 and redis.call('LRANGE', KEYS[2], 0, left - 1) or {}) do
  add_waiting('waiting', entry, 0)
end
local delayed = left > 0 and redis.call('ZRANGE', KEYS[3], 0, left - 1, 'WITHSCORES') or {}
for n = 1, #delayed, 2 do
  local due = tonumber(delayed[n + 1])
  if due <= now then add_waiting('waiting', delayed[n], 0) else add_waiting('delayed', delayed[n], due) end
end
return found
)";

constexpr const char* kForget = R"(
if redis.call('HLEN', KEYS[1]) > 0 or redis.call('LLEN', KEYS[5]) > 0 then return 0 end
redis.call('SET', KEYS[6], ARGV[4], 'EX', ARGV[5])
return 1
)";

Script read_only(const char* text) { return Script("#!lua flags=no-writes" + std::string(kLuaClock) + text); }

JobState state_of(std::string_view name) {
  if (name == "leased") return JobState::leased;
  return name == "delayed" ? JobState::delayed : JobState::waiting;
}

}  // namespace

const Script& overview() {
  static const Script kScript = read_only(kOverview);
  return kScript;
}

QueueOverview overview_of(const std::string& queue, const ReplyView& reply) {
  const auto count = [&](std::size_t n) { return static_cast<std::size_t>(reply[n].number()); };
  return {queue, {count(0), count(1), count(2), count(3)}, reply[4].number()};
}

const Script& jobs() {
  static const Script kScript = read_only(kJobs);
  return kScript;
}

std::vector<QueuedJob> jobs_of(const ReplyView& reply) {
  std::vector<QueuedJob> jobs;
  for (std::size_t n = 0; n + 4 < reply.size(); n += 5) {
    jobs.push_back({reply[n + 1].str(), state_of(reply[n].text()), static_cast<int>(reply[n + 2].number()),
                    reply[n + 3].number(), reply[n + 4].number()});
  }
  return jobs;
}

const Script& forget() {
  static const Script kScript(std::string(kEvenWhenFull) + kLuaClock + kForget);
  return kScript;
}

}  // namespace ottobot::stores::queue_looks
