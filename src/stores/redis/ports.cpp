#include "stores/redis/ports.hpp"

#include "ottobot/ids.hpp"
#include "stores/port_pools.hpp"
#include "stores/redis/keys.hpp"

namespace ottobot::stores {
namespace {

using redis::Request;
using redis::Script;

// A host that is noted for a session which is not made within this time is forgotten.
constexpr std::chrono::hours kNotedHost{1};

// KEYS: the session's hosts, its row. ARGV: host, how long it is noted without the session, ms.
const Script& note_script() {
  static const Script kScript(R"(
redis.call('SADD', KEYS[1], ARGV[2])
if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1
)");
  return kScript;
}

// KEYS: the pool, its released ports, its held ports, the host's holders. A holder has the token of its last lease, the
// port that came of it, and "pool port" for each that it has: asked again with that token, it gets that port again.
const Script& lease_script() {
  static const Script kScript(R"(
local pool, released, held, holders = unpack(KEYS)
local first, last, id, token, name = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local holder = redis.call('HGET', holders, id)
holder = holder and cjson.decode(holder) or {ports = {}}
if holder.token == token then return holder.port end
local is = redis.call('HMGET', pool, 'first', 'last', 'next')
local next = tonumber(is[3])
if tonumber(is[1]) ~= first or tonumber(is[2]) ~= last then
  next = first
  redis.call('UNLINK', released)
end
local port
while not port and next <= last do
  if redis.call('HEXISTS', held, next) == 0 then port = next end
  next = next + 1
end
while not port do
  local free = tonumber(redis.call('LPOP', released))
  if not free then break end
  if free >= first and free <= last and redis.call('HEXISTS', held, free) == 0 then port = free end
end
redis.call('HSET', pool, 'first', first, 'last', last, 'next', next)
if not port then return 0 end
redis.call('HSET', held, port, id)
holder.token, holder.port = token, port
holder.ports[#holder.ports + 1] = name .. ' ' .. port
redis.call('HSET', holders, id, cjson.encode(holder))
return port
)");
  return kScript;
}

// KEYS: the host's holders. A pool's keys are named by ARGV[3] and its name.
const Script& release_script() {
  static const Script kScript(R"(
local holder = redis.call('HGET', KEYS[1], ARGV[2])
if not holder then return 0 end
for _, lease in ipairs(cjson.decode(holder).ports) do
  local name, port = string.match(lease, '^(.*) (%d+)$')
  local pool = ARGV[3] .. name
  local is = redis.call('HMGET', pool, 'first', 'next')
  if redis.call('HDEL', pool .. ':held', port) == 1 and tonumber(port) >= tonumber(is[1]) and
     tonumber(port) < tonumber(is[2]) then
    redis.call('RPUSH', pool .. ':released', port)
  end
end
return redis.call('HDEL', KEYS[1], ARGV[2])
)");
  return kScript;
}

}  // namespace

std::string RedisPorts::host_key(const std::string& host_id, const std::string& what) const {
  return prefix_ + ":ports:{" + host_id + "}:" + what;
}

void RedisPorts::remember(const std::string& host_id) {
  const std::lock_guard lock(mutex_);
  hosts_.insert(host_id);
}

// The session's own list of hosts comes first: whatever it has is found by it. A lease that races with a release may
// lose its place in the list; the reaper of its host asks for the host's holders, so that host is looked at, too.
Result<int> RedisPorts::lease(const LeasePortParams& params, const CallContext& ctx) {
  if (auto valid = check_port_range(params); !valid) return fail(valid.error());
  remember(params.host_id);
  const SessionKeys session(prefix_, params.session_id);
  const std::chrono::milliseconds noted_for = kNotedHost;
  auto noted = client_.call(Request::script(note_script(), {session.port_hosts(), session.row()},
                                            {params.host_id, std::to_string(noted_for.count())}),
                            ctx);
  if (!noted) return fail(noted.error());
  const std::string pool = host_key(params.host_id, "pool:" + params.pool);
  const std::string holders = host_key(params.host_id, "holders");
  auto port = client_.call(Request::script(lease_script(), {pool, pool + ":released", pool + ":held", holders},
                                           {std::to_string(params.first), std::to_string(params.last),
                                            params.session_id, new_id(), params.pool}),
                           ctx);
  if (!port) return fail(port.error());
  if (port->number() == 0) return no_port_left(params);
  return static_cast<int>(port->number());
}

Result<std::set<std::string>> RedisPorts::hosts_of(const std::string& session_id, const CallContext& ctx) {
  auto noted = client_.call(Request::command({"SMEMBERS", SessionKeys(prefix_, session_id).port_hosts()}), ctx);
  if (!noted) return fail(noted.error());
  const std::lock_guard lock(mutex_);
  auto hosts = hosts_;
  for (std::size_t n = 0; n < noted->size(); ++n) hosts.insert((*noted)[n].str());
  return hosts;
}

Result<void> RedisPorts::release_all(const std::string& session_id, const CallContext& ctx) {
  auto hosts = hosts_of(session_id, ctx);
  if (!hosts) return fail(hosts.error());
  std::vector<Request> requests;
  for (const std::string& host : *hosts) {
    requests.push_back(
        Request::script(release_script(), {host_key(host, "holders")}, {session_id, host_key(host, "pool:")}));
  }
  if (auto released = client_.call_all(std::move(requests), ctx); !released) return fail(released.error());
  auto forgotten = client_.call(Request::command({"UNLINK", SessionKeys(prefix_, session_id).port_hosts()}), ctx);
  if (!forgotten) return fail(forgotten.error());
  return {};
}

Result<std::vector<std::string>> RedisPorts::holders(const std::string& host_id, const CallContext& ctx) {
  remember(host_id);
  auto ids = client_.call(Request::command({"HKEYS", host_key(host_id, "holders")}), ctx);
  if (!ids) return fail(ids.error());
  std::vector<std::string> holders;
  for (std::size_t n = 0; n < ids->size(); ++n) holders.push_back((*ids)[n].str());
  return holders;
}

}  // namespace ottobot::stores
