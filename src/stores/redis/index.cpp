#include "stores/redis/index.hpp"

#include <algorithm>

#include "stores/redis/row_fields.hpp"

namespace ottobot::stores {
namespace {

using redis::ReplyView;
using redis::Request;

struct Entry {
  std::int64_t score = 0;
  std::string member;
};

// Of a sorted set, WITHSCORES.
void append_entries(std::vector<Entry>& entries, const ReplyView& reply) {
  for (std::size_t n = 0; n + 1 < reply.size(); n += 2) entries.push_back({reply[n + 1].number(), reply[n].str()});
}

bool newer(const Entry& a, const Entry& b) { return a.score != b.score ? a.score > b.score : a.member > b.member; }

// What stands before the id in the sets of sessions, to order those of one millisecond.
constexpr std::size_t kSerialChars = 16;
// Up to here every shard says what may come before the page; further down that would be most of what there is.
constexpr std::size_t kShallow = 1000;

// The ids of `entries`, newest first, without the first `skipped`.
std::vector<std::string> newest_ids(std::vector<Entry>& entries, std::size_t skipped, std::size_t limit) {
  std::sort(entries.begin(), entries.end(), newer);
  std::vector<std::string> ids;
  for (std::size_t n = skipped; n < entries.size() && ids.size() < limit; ++n) {
    ids.push_back(entries[n].member.substr(kSerialChars));
  }
  return ids;
}

}  // namespace

Result<SessionShards::Page> SessionShards::page(const ListSessionsParams& params, const CallContext& ctx) {
  std::vector<std::string> keys;
  for (const ShardKeys& shard : shards_) keys.push_back(params.user ? shard.of_user(*params.user) : shard.all());
  if (params.limit == 0) {
    auto total = count_from(keys, "-inf", ctx);
    if (!total) return fail(total.error());
    return Page{{}, *total};
  }
  if (params.offset + params.limit <= kShallow) return shallow_page(keys, params.limit, params.offset, ctx);
  return deep_page(keys, params.limit, params.offset, ctx);
}

Result<SessionShards::Page> SessionShards::shallow_page(const Keys& keys, std::size_t limit, std::size_t offset,
                                                        const CallContext& ctx) {
  std::vector<Request> requests;
  for (const std::string& key : keys) {
    requests.push_back(Request::command({"ZCARD", key}));
    requests.push_back(Request::command({"ZREVRANGE", key, "0", std::to_string(offset + limit - 1), "WITHSCORES"}));
  }
  auto replies = client_.call_all(std::move(requests), ctx);
  if (!replies) return fail(replies.error());
  Page page;
  std::vector<Entry> entries;
  for (std::size_t n = 0; n < replies->size(); n += 2) {
    page.total += static_cast<std::size_t>((*replies)[n].number());
    append_entries(entries, (*replies)[n + 1]);
  }
  page.ids = newest_ids(entries, offset, limit);
  return page;
}

// How many were created at `lowest` or later.
Result<std::size_t> SessionShards::count_from(const Keys& keys, const std::string& lowest, const CallContext& ctx) {
  std::vector<Request> requests;
  for (const std::string& key : keys) requests.push_back(Request::command({"ZCOUNT", key, lowest, "+inf"}));
  auto replies = client_.call_all(std::move(requests), ctx);
  if (!replies) return fail(replies.error());
  std::size_t count = 0;
  for (const auto& reply : *replies) count += static_cast<std::size_t>(reply.number());
  return count;
}

// When the oldest and the newest were created; nullopt without any.
Result<std::optional<SessionShards::Span>> SessionShards::span(const Keys& keys, const CallContext& ctx) {
  std::vector<Request> requests;
  for (const std::string& key : keys) {
    requests.push_back(Request::command({"ZRANGE", key, "0", "0", "WITHSCORES"}));
    requests.push_back(Request::command({"ZREVRANGE", key, "0", "0", "WITHSCORES"}));
  }
  auto replies = client_.call_all(std::move(requests), ctx);
  if (!replies) return fail(replies.error());
  std::vector<Entry> ends;
  for (const auto& reply : *replies) append_entries(ends, reply);
  if (ends.empty()) return std::nullopt;
  const auto [first, last] =
      std::minmax_element(ends.begin(), ends.end(), [](const Entry& a, const Entry& b) { return a.score < b.score; });
  return Span{first->score, last->score};
}

// Halves the time until it is known when the first of the page was created: its costs grow with the logarithm of that.
Result<SessionShards::Page> SessionShards::deep_page(const Keys& keys, std::size_t limit, std::size_t offset,
                                                     const CallContext& ctx) {
  auto total = count_from(keys, "-inf", ctx);
  if (!total) return fail(total.error());
  Page page{{}, *total};
  if (offset >= *total) return page;
  auto ends = span(keys, ctx);
  if (!ends) return fail(ends.error());
  if (!*ends) return page;  // they are gone since they were counted
  std::int64_t known = (*ends)->oldest, too_late = (*ends)->newest + 1;  // more than `offset` are as new as known
  std::size_t before = 0;                                                // that are as new as too_late, or newer
  while (too_late - known > 1) {
    const std::int64_t middle = known + (too_late - known) / 2;
    auto count = count_from(keys, std::to_string(middle), ctx);
    if (!count) return fail(count.error());
    if (*count > offset) {
      known = middle;
    } else {
      too_late = middle;
      before = *count;
    }
  }
  const std::string wanted = std::to_string(offset - before + limit);
  std::vector<Request> requests;
  for (const std::string& key : keys) {
    requests.push_back(Request::command(
        {"ZREVRANGEBYSCORE", key, std::to_string(known), "-inf", "WITHSCORES", "LIMIT", "0", wanted}));
  }
  auto replies = client_.call_all(std::move(requests), ctx);
  if (!replies) return fail(replies.error());
  std::vector<Entry> entries;
  for (const auto& reply : *replies) append_entries(entries, reply);
  page.ids = newest_ids(entries, offset - before, limit);
  return page;
}

Result<StoreTotals> SessionShards::totals(const CallContext& ctx) {
  std::vector<Request> requests;
  for (const ShardKeys& shard : shards_) {
    requests.push_back(Request::command({"HGETALL", shard.counts()}));
    requests.push_back(Request::command({"HGETALL", shard.turns()}));
  }
  auto replies = client_.call_all(std::move(requests), ctx);
  if (!replies) return fail(replies.error());
  StoreTotals totals;
  for (std::size_t shard = 0; shard < replies->size(); shard += 2) {
    const ReplyView counts = (*replies)[shard], turns = (*replies)[shard + 1];
    for (std::size_t n = 0; n + 1 < counts.size(); n += 2) {
      const auto status = parse_session_status(counts[n].text());
      const auto count = counts[n + 1].number();
      if (status && count > 0) totals.sessions[*status] += static_cast<std::size_t>(count);
    }
    std::map<TurnOutcome, TurnTotals> of_shard;
    for (std::size_t n = 0; n + 1 < turns.size(); n += 2) {
      const std::string_view name = turns[n].text();
      const auto colon = name.find(':');
      const auto outcome = parse_turn_outcome(name.substr(0, colon));
      if (outcome && colon != std::string_view::npos) {
        set_turn_field(of_shard[*outcome], name.substr(colon + 1), turns[n + 1]);
      }
    }
    for (const auto& [outcome, cost] : of_shard) totals.turns[outcome] += cost;
  }
  return totals;
}

Result<std::vector<std::string>> SessionShards::up_to(KeyOf key, UnixMillis now, std::size_t limit,
                                                      const CallContext& ctx) {
  std::vector<Request> requests;
  for (const ShardKeys& shard : shards_) {
    requests.push_back(Request::command({"ZRANGEBYSCORE", (shard.*key)(), "-inf", std::to_string(now), "WITHSCORES",
                                         "LIMIT", "0", std::to_string(limit)}));
  }
  auto replies = client_.call_all(std::move(requests), ctx);
  if (!replies) return fail(replies.error());
  std::vector<Entry> entries;
  for (const auto& reply : *replies) append_entries(entries, reply);
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return newer(b, a); });
  std::vector<std::string> ids;
  for (std::size_t n = 0; n < entries.size() && n < limit; ++n) ids.push_back(std::move(entries[n].member));
  return ids;
}

Result<std::vector<std::string>> SessionShards::with_work(UnixMillis now, std::size_t limit, const CallContext& ctx) {
  return up_to(&ShardKeys::work, now, limit, ctx);
}

Result<std::vector<std::string>> SessionShards::due(UnixMillis now, std::size_t limit, const CallContext& ctx) {
  return up_to(&ShardKeys::due, now, limit, ctx);
}

}  // namespace ottobot::stores
