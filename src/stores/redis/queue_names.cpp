#include "stores/redis/queue_names.hpp"

#include "stores/redis/lua.hpp"

namespace ottobot::stores {
namespace {

using redis::Request;
using redis::Script;

constexpr std::chrono::minutes kNoted{10};
static_assert(kNoted < QueueNames::kMarkKept);

// The serial that was given last.
constexpr const char* kLast = "";

// ARGV: name, kLast.
constexpr const char* kNote = R"(
return redis.call('ZADD', KEYS[1], redis.call('ZINCRBY', KEYS[1], 1, ARGV[3]), ARGV[2])
)";

// ARGV: name, serial.
constexpr const char* kRemove = R"(
if redis.call('ZSCORE', KEYS[1], ARGV[2]) == ARGV[3] then redis.call('ZREM', KEYS[1], ARGV[2]) end
return 1
)";

}  // namespace

Result<void> QueueNames::note(const std::string& queue, const CallContext& ctx) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = noted_.find(queue);
    if (found != noted_.end() && std::chrono::steady_clock::now() - found->second < kNoted) return {};
  }
  return note_again(queue, ctx);
}

Result<void> QueueNames::note_again(const std::string& queue, const CallContext& ctx) {
  static const Script kScript(std::string(kEvenWhenFull) + kNote);
  const auto begun = std::chrono::steady_clock::now();
  auto added = client_.call(Request::script(kScript, {key_}, {queue, kLast}), ctx);
  if (!added) return fail(added.error());
  const std::lock_guard lock(mutex_);
  noted_[queue] = begun;
  return {};
}

Result<std::string> QueueNames::serial(const std::string& queue, const CallContext& ctx) {
  auto reply = client_.call(Request::command({"ZSCORE", key_, queue}), ctx);
  if (!reply) return fail(reply.error());
  return reply->str();
}

Result<void> QueueNames::remove(const std::string& queue, const std::string& serial, const CallContext& ctx) {
  static const Script kScript(std::string(kEvenWhenFull) + kRemove);
  {
    const std::lock_guard lock(mutex_);
    noted_.erase(queue);
  }
  auto removed = client_.call(Request::script(kScript, {key_}, {queue, serial}), ctx);
  if (!removed) return fail(removed.error());
  return {};
}

Result<std::set<std::string>> QueueNames::all(const CallContext& ctx) {
  auto reply = client_.call(Request::command({"ZRANGE", key_, "0", "-1"}), ctx);
  if (!reply) return fail(reply.error());
  std::set<std::string> names;
  for (std::size_t n = 0; n < reply->size(); ++n) names.insert((*reply)[n].str());
  names.erase(kLast);
  return names;
}

std::set<std::string> QueueNames::noted() const {
  const std::lock_guard lock(mutex_);
  std::set<std::string> names;
  for (const auto& [name, at] : noted_) {
    if (std::chrono::steady_clock::now() - at < kNoted) names.insert(name);
  }
  return names;
}

}  // namespace ottobot::stores
