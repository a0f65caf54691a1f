#include "stores/redis/worker_records.hpp"

#include <algorithm>

#include "ottobot/json.hpp"
#include "stores/redis/lua.hpp"

namespace ottobot::stores {
namespace {

using redis::Arguments;
using redis::Reply;
using redis::Script;

// KEYS of all: the records by id, and until when each is good. ARGV: now, then id, record and time to live.
constexpr const char* kAnnounce = R"(
redis.call('HSET', KEYS[1], ARGV[3], ARGV[4])
redis.call('ZADD', KEYS[2], clock(ARGV[2]) + ARGV[5], ARGV[3])
return 1
)";

constexpr const char* kWithdraw = R"(
redis.call('HDEL', KEYS[1], ARGV[3])
redis.call('ZREM', KEYS[2], ARGV[3])
return 1
)";

// → record, whether it is still good, …
constexpr const char* kAll = R"(
local now, found = clock(ARGV[2]), {}
local known = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
for n = 1, #known, 2 do
  found[#found + 1] = redis.call('HGET', KEYS[1], known[n])
  found[#found + 1] = tonumber(known[n + 1]) > now and 1 or 0
end
return found
)";

std::string to_text(const WorkerRecord& worker) {
  return dump_json({{"id", worker.id},
                    {"host_id", worker.host_id},
                    {"url", worker.url},
                    {"running", worker.running},
                    {"capacity", worker.capacity},
                    {"spare_sandboxes", worker.spare_sandboxes},
                    {"secret_digest", worker.secret_digest}});
}

WorkerRecord from_json(const Json& json) {
  WorkerRecord worker;
  worker.id = get_string(json, "id");
  worker.host_id = get_string(json, "host_id");
  worker.url = get_string(json, "url");
  worker.running = static_cast<int>(get_int(json, "running"));
  worker.capacity = static_cast<int>(get_int(json, "capacity"));
  worker.spare_sandboxes = static_cast<int>(get_int(json, "spare_sandboxes"));
  worker.secret_digest = get_string(json, "secret_digest");
  return worker;
}

}  // namespace

Result<void> WorkerRecords::announce(const WorkerRecord& worker, std::chrono::milliseconds ttl,
                                     const CallContext& ctx) {
  static const Script kScript(std::string(kEvenWhenFull) + kLuaClock + kAnnounce);
  auto done = run(kScript, {worker.id, to_text(worker), std::to_string(ttl.count())}, ctx);
  if (!done) return fail(done.error());
  return {};
}

Result<void> WorkerRecords::withdraw(const std::string& worker_id, const CallContext& ctx) {
  static const Script kScript(std::string(kEvenWhenFull) + kLuaClock + kWithdraw);
  auto done = run(kScript, {worker_id}, ctx);
  if (!done) return fail(done.error());
  return {};
}

Result<std::vector<WorkerRecord>> WorkerRecords::all(const CallContext& ctx) {
  static const Script kScript(std::string(kLuaClock) + kAll);
  auto reply = run(kScript, {}, ctx);
  if (!reply) return fail(reply.error());
  std::vector<WorkerRecord> workers;
  for (std::size_t n = 0; n + 1 < reply->size(); n += 2) {
    const auto json = parse_json((*reply)[n].text());
    if (!json) return data_loss("the record of a worker is damaged");
    workers.push_back(from_json(*json));
    workers.back().alive = (*reply)[n + 1].number() == 1;
  }
  std::sort(workers.begin(), workers.end(),
            [](const WorkerRecord& a, const WorkerRecord& b) { return a.id < b.id; });
  return workers;
}

Result<Reply> WorkerRecords::run(const Script& script, Arguments arguments, const CallContext& ctx) {
  const std::string key = client_.options().key_prefix + ":{workers}:";
  const Clock* clock = client_.options().clock;
  arguments.insert(arguments.begin(), clock != nullptr ? std::to_string(clock->now_ms()) : std::string());
  return client_.call(redis::Request::script(script, {key + "records", key + "until"}, std::move(arguments)), ctx);
}

}  // namespace ottobot::stores
