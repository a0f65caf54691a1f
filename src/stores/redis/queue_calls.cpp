#include "stores/redis/queue_calls.hpp"

#include <algorithm>
#include <cstdlib>

#include "stores/redis/queue_scripts.hpp"

namespace ottobot::stores {
namespace {

using redis::Arguments;
using std::chrono::milliseconds;

// A job whose time has come gets in line at the latest so long afterwards, however many wait there.
constexpr milliseconds kPromote{50};

// As the scripts for many take them, after what all of them have in common.
template <class Entries>
Arguments arguments_of(const Entries& entries, Arguments common = {}) {
  std::string repeats;
  for (const auto* entry : entries) repeats += entry->again || entry->item.again ? '1' : '0';
  if (repeats.find('1') == std::string::npos) repeats.clear();
  common.insert(common.begin(), std::move(repeats));
  for (const auto* entry : entries) {
    common.insert(common.end(), entry->item.arguments.begin(), entry->item.arguments.end());
  }
  return common;
}

std::vector<bool> flags_of(const redis::Reply& reply) {
  std::vector<bool> flags;
  for (std::size_t n = 0; n < reply.size(); ++n) flags.push_back(reply[n].number() == 1);
  return flags;
}

std::string now_text(const RedisOptions& options) {
  return std::to_string((options.clock != nullptr ? *options.clock : system_clock()).now_ms());
}

}  // namespace

std::string queue_key(const RedisOptions& options, const std::string& queue, const char* what) {
  return options.key_prefix + ":queue:{" + queue + "}:" + what;
}

redis::Request queue_request(const RedisOptions& options, const redis::Script& script, const std::string& queue,
                             Arguments arguments, std::initializer_list<const char*> more) {
  Arguments keys;
  for (const char* name : {"jobs", "waiting", "delayed", "leased"}) keys.push_back(queue_key(options, queue, name));
  for (const char* name : more) keys.push_back(queue_key(options, queue, name));
  Arguments all{options.clock != nullptr ? now_text(options) : std::string(), queue_key(options, queue, "news")};
  all.insert(all.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
  return redis::Request::script(script, keys, std::move(all));
}

QueueCalls::QueueCalls(redis::Client& client, QueueNames& names, std::string queue)
    : client_(client),
      names_(names),
      queue_(std::move(queue)),
      push_([this](const auto& entries, const CallContext& ctx) { return push_all(entries, ctx); }),
      complete_([this](const auto& entries, const CallContext& ctx) { return complete_all(entries, ctx); }),
      lease_([this](const auto& entries, const CallContext& ctx) { return lease_all(entries, ctx); }) {}

Result<bool> QueueCalls::push(const std::string& job_id, milliseconds delay, const CallContext& ctx) {
  return push_.run({{job_id, std::to_string(delay.count())}}, ctx);
}

Result<std::size_t> QueueCalls::push_all(const std::vector<std::string>& job_ids, const CallContext& ctx) {
  std::size_t fresh = 0;
  for (std::size_t first = 0; first < job_ids.size(); first += Flags::kMost) {
    const std::size_t count = std::min(job_ids.size() - first, Flags::kMost);
    std::vector<Flags::Entry> entries;
    for (std::size_t n = first; n < first + count; ++n) entries.push_back({{{job_ids[n], "0"}}});
    Flags::Entries all;
    for (const auto& entry : entries) all.push_back(&entry);
    const auto flags = push_all(all, ctx);
    if (!flags) return fail(flags.error());
    fresh += static_cast<std::size_t>(std::count(flags->begin(), flags->end(), true));
  }
  return fresh;
}

Result<QueueCalls::Leased> QueueCalls::lease(const std::string& token, milliseconds ttl, bool again,
                                             const Job* done, const CallContext& ctx) {
  return lease_.run({{token, std::to_string(ttl.count()), done ? done->id : "", done ? done->token : ""}, again}, ctx);
}

Result<bool> QueueCalls::complete(const Job& job, const CallContext& ctx) {
  return complete_.run({{job.id, job.token}}, ctx);
}

Result<std::vector<bool>> QueueCalls::push_all(const Flags::Entries& entries, const CallContext& ctx) {
  if (auto known = names_.note(queue_, ctx); !known) return fail(known.error());
  std::string mark;  // of a queue that was forgotten; which may happen again meanwhile
  while (true) {
    auto reply = client_.call(queue_request(client_.options(), queue_scripts::push(), queue_,
                                            arguments_of(entries, {now_text(client_.options()), mark}), {"forgotten"}),
                              ctx);
    if (!reply) return fail(reply.error());
    if (reply->is_array()) return flags_of(*reply);
    mark = reply->str();
    if (auto known = names_.note_again(queue_, ctx); !known) return fail(known.error());
  }
}

Result<std::vector<bool>> QueueCalls::complete_all(const Flags::Entries& entries, const CallContext& ctx) {
  auto reply =
      client_.call(queue_request(client_.options(), queue_scripts::complete(), queue_, arguments_of(entries)), ctx);
  if (!reply) return fail(reply.error());
  return flags_of(*reply);
}

Result<std::vector<QueueCalls::Leased>> QueueCalls::lease_all(const Leases::Entries& entries, const CallContext& ctx) {
  auto reply = client_.call(queue_request(client_.options(), queue_scripts::lease(), queue_,
                                          arguments_of(entries, {should_promote() ? "1" : ""})),
                            ctx);
  if (!reply) return fail(reply.error());
  const bool more = (*reply)[0].number() > 0;
  const milliseconds due((*reply)[1].number());
  std::vector<Leased> leased;
  for (std::size_t n = 0; n < entries.size(); ++n) {
    const std::string entry = (*reply)[2][n].str();  // "attempt:id"
    leased.push_back({entry.substr(entry.find(':') + 1), std::atoi(entry.c_str()), more, due});
  }
  return leased;
}

bool QueueCalls::should_promote() {
  const auto now = std::chrono::steady_clock::now();
  if (now < promoted_at_ + kPromote) return false;
  promoted_at_ = now;
  return true;
}

}  // namespace ottobot::stores
