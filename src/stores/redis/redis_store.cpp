#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>

#include "ottobot/ids.hpp"
#include "ottobot/stores/redis.hpp"
#include "stores/append_rules.hpp"
#include "stores/redis/append_request.hpp"
#include "stores/redis/blobs.hpp"
#include "stores/redis/handshake.hpp"
#include "stores/redis/idempotency.hpp"
#include "stores/redis/index.hpp"
#include "stores/redis/keys.hpp"
#include "stores/redis/news.hpp"
#include "stores/redis/ports.hpp"
#include "stores/redis/row_fields.hpp"
#include "stores/redis/session_scripts.hpp"
#include "stores/stored_event.hpp"

namespace ottobot {
namespace {

using namespace stores;
using redis::Reply;
using redis::Request;

// Events that are asked for at once: few at first, and as many more as their sizes let expect room for.
constexpr std::size_t kFirstRead = 16, kReadGrowth = 4, kMostRead = 256;

StoredEvent stored_event(const redis::ReplyView& entry) {
  const redis::ReplyView fields = entry[1];  // i, id, t, type, m, timestamp, d, data, n, internal
  StoredEvent event{entry[0].number(), fields[5].number(), fields[1].str(), fields[3].str(), fields[7].str(), {}};
  if (!fields[9].text().empty()) event.internal = fields[9].str();
  return event;
}

// The answer is all in memory before its sizes are known: one that is cut off at max_bytes was mostly for nothing.
std::size_t next_read(std::size_t last, std::size_t bytes_left, std::size_t average_bytes) {
  const std::size_t room = bytes_left / average_bytes + 1;
  return std::min({room, last * kReadGrowth, kMostRead});
}

class RedisStore final : public SessionStore {
 public:
  RedisStore(std::unique_ptr<redis::Client> client, std::string store_id)
      : client_(std::move(client)),
        prefix_(client_->options().key_prefix),
        store_id_(std::move(store_id)),
        shards_(*client_),
        keys_(*client_),
        ports_(*client_),
        blobs_(*client_),
        news_(*client_) {}

  Result<CreateSessionResult> create_session(const CreateSessionParams& params, const CallContext& ctx) override {
    if (auto valid = check_session_id(params.row.id); !valid) return fail(valid.error());
    if (auto valid = check_event_ids(params.events); !valid) return fail(valid.error());
    CreateSessionResult created{params.row, false};
    created.row.turns = {};
    created.row.last_seq = static_cast<Seq>(params.events.size());
    created.row.pending = true;
    std::string key;
    if (!params.idempotency_key.empty()) {
      auto claimed = keys_.claim({params.row.user, params.idempotency_key, params.request_hash}, params.row.id, now(), ctx);
      if (!claimed) return fail(claimed.error());
      key = idempotency_key(prefix_, params.row.user, params.idempotency_key);
      if (*claimed != params.row.id) return create_claimed(std::move(created.row), *claimed, params.events, key, ctx);
    }
    auto made = create(created.row, params.events, key, ctx);
    if (!made) return fail(made.error());
    if (*made) return created;
    if (key.empty()) return session_exists(params.row.id);
    // By somebody who came with the same key after we had claimed it; or the id was another session's before.
    auto row = load(params.row.id, ctx);
    if (!row) return fail(row.error());
    if (row->second == key) return CreateSessionResult{std::move(row->first), true};
    (void)keys_.forget(key, params.row.id, ctx);
    return session_exists(params.row.id);
  }

  Result<std::optional<SessionRow>> find_created(const FindCreatedParams& params, const CallContext& ctx) override {
    if (params.idempotency_key.empty()) return std::nullopt;
    auto id = keys_.claim(params, "", now(), ctx);
    if (!id) return fail(id.error());
    if (id->empty()) return std::nullopt;
    auto row = get_session(*id, ctx);
    if (row) return std::optional<SessionRow>(std::move(*row));
    if (row.error().code != ErrorCode::not_found) return fail(row.error());
    return std::nullopt;
  }

  Result<SessionRow> get_session(const std::string& session_id, const CallContext& ctx) override {
    auto row = load(session_id, ctx);
    if (!row) return fail(row.error());
    return std::move(row->first);
  }

  std::unique_ptr<SessionLook> begin_get_session(const std::string& session_id) override {
    auto begun = client_->begin(row_request(session_id));
    if (!begun) return nullptr;
    return std::make_unique<Look>(*client_, session_id, std::move(*begun));
  }

  Result<SessionPage> list_sessions(const ListSessionsParams& params, const CallContext& ctx) override {
    auto found = shards_.page(params, ctx);
    if (!found) return fail(found.error());
    std::vector<Request> requests;
    for (const std::string& id : found->ids) requests.push_back(row_request(id));
    auto rows = client_->call_all(std::move(requests), ctx);
    if (!rows) return fail(rows.error());
    SessionPage page{{}, found->total};
    for (std::size_t n = 0; n < rows->size(); ++n) {
      if ((*rows)[n].size() > 0) page.sessions.push_back(row_from(found->ids[n], (*rows)[n]));
    }
    return page;
  }

  Result<StoreTotals> totals(const CallContext& ctx) override { return shards_.totals(ctx); }

  Result<std::vector<std::string>> sessions_with_work(std::size_t limit, const CallContext& ctx) override {
    auto at = time(ctx);
    if (!at) return fail(at.error());
    return shards_.with_work(*at, limit, ctx);
  }

  Result<std::vector<std::string>> sessions_expired(UnixMillis now, std::size_t limit,
                                                    const CallContext& ctx) override {
    return shards_.due(now, limit, ctx);
  }

  Result<void> purge_session(const std::string& session_id, const CallContext& ctx) override {
    const SessionKeys at = keys(session_id);
    auto row = client_->call(Request::command({"HMGET", at.row(), "user", "serial", "key"}), ctx);
    if (!row) return fail(row.error());
    const std::string user = (*row)[0].str(), serial = (*row)[1].str(), key = (*row)[2].str();
    if (serial.empty()) return no_session(session_id);
    // What is elsewhere goes first: a session that is still there is purged again.
    if (auto released = ports_.release_all(session_id, ctx); !released) return released;
    if (!key.empty()) {
      if (auto forgotten = keys_.forget(key, session_id, ctx); !forgotten) return forgotten;
    }
    auto all = session_scripts::log_keys(at);
    all.insert(all.end(), {at.all(), at.of_user(user), at.checkpoint(), at.blobs(), at.port_hosts()});
    auto gone = client_->call(
        Request::script(session_scripts::purge(), all, {session_id, serial, at.blob("")}), ctx);
    if (!gone) return fail(gone.error());
    if ((*gone)[0].text() == "missing") return no_session(session_id);
    return {};
  }

  Result<AppendResult> append_owner(const AppendOwnerParams& params, const CallContext& ctx) override {
    if (auto valid = check_event_ids(params.events); !valid) return fail(valid.error());
    return append(params, params.patch, {params.epoch, params.if_last_seq}, ctx);
  }

  Result<AppendResult> post_inbox(const AppendParams& params, const CallContext& ctx) override {
    if (auto valid = check_inbox_events(params.events); !valid) return fail(valid.error());
    RowPatch patch = params.patch;
    patch.pending = patch.pending.value_or(true);
    return append(params, patch, {}, ctx);
  }

  Result<std::vector<Event>> read(const ReadParams& params, const CallContext& ctx) override {
    const SessionKeys at = keys(params.session_id);
    std::vector<StoredEvent> events;
    std::size_t bytes = 0, at_once = kFirstRead;
    bool more = params.limit > 0;
    while (more && bytes <= params.max_bytes) {
      const Seq after = events.empty() ? std::max<Seq>(params.after, 0) : events.back().seq;
      const std::size_t count = std::min(at_once, params.limit - events.size());
      auto entries = client_->call(Request::command({"XRANGE", at.events(), "(" + std::to_string(after) + "-0", "+",
                                                     "COUNT", std::to_string(count)}),
                                   ctx);
      if (!entries) return fail(entries.error());
      for (std::size_t n = 0; n < entries->size() && bytes <= params.max_bytes; ++n) {
        events.push_back(stored_event((*entries)[n]));
        bytes += events.back().data.size() + (events.back().internal ? events.back().internal->size() : 0);
      }
      more = entries->size() == count && events.size() < params.limit;
      if (more && bytes <= params.max_bytes) {
        at_once = next_read(at_once, params.max_bytes - bytes, bytes / events.size() + 1);
      }
    }
    if (!events.empty()) return decode_events(events);
    if (auto known = check_exists(at, ctx); !known) return fail(known.error());
    return std::vector<Event>{};
  }

  Result<std::unique_ptr<Subscription>> subscribe(const std::string& session_id, SessionSink& sink) override {
    return news_.subscribe(session_id, sink);
  }

  Result<void> publish(const std::string& session_id, const Json& message, const CallContext& ctx) override {
    return news_.publish(session_id, message, ctx);
  }

  // Made again after a broken connection, it is a newer lease of the same owner: nobody has heard of the first.
  Result<Lease> acquire_lease(const AcquireLeaseParams& params, const CallContext& ctx) override {
    const SessionKeys at = keys(params.session_id);
    auto reply = client_->call(Request::script(session_scripts::acquire(), {at.row(), at.work()},
                                               {now(), at.id(), params.owner, std::to_string(params.ttl.count())}),
                               ctx);
    if (!reply) return fail(reply.error());
    if ((*reply)[0].text() == "missing") return no_session(params.session_id);
    if ((*reply)[0].text() == "held") return lease_held(params.session_id, (*reply)[1].str());
    return Lease{params.session_id, params.owner, static_cast<std::uint64_t>((*reply)[1].number())};
  }

  Result<void> renew_lease(const Lease& lease, std::chrono::milliseconds ttl, const CallContext& ctx) override {
    const SessionKeys at = keys(lease.session_id);
    auto reply = client_->call(
        Request::script(session_scripts::renew(), {at.row(), at.work()},
                        {now(), at.id(), std::to_string(lease.epoch), std::to_string(ttl.count())}),
        ctx);
    if (!reply) return fail(reply.error());
    if ((*reply)[0].text() == "fenced") return stale_epoch(lease.session_id, lease.epoch);
    return {};
  }

  Result<void> release_lease(const Lease& lease, const CallContext& ctx) override {
    auto released = renew_lease(lease, std::chrono::milliseconds(0), ctx);
    if (!released && released.error().code == ErrorCode::fenced) return {};
    return released;
  }

  Result<std::unique_ptr<BlobWriter>> create_blob(const std::string& session_id, const CallContext& ctx) override {
    const SessionKeys at = keys(session_id);
    if (auto known = check_exists(at, ctx); !known) return fail(known.error());
    return blobs_.create(at);
  }

  Result<std::unique_ptr<BlobReader>> open_blob(const std::string& session_id, const std::string& blob_id,
                                                const CallContext& ctx) override {
    return blobs_.open(keys(session_id), blob_id, ctx);
  }

  Result<void> remove_blob(const Lease& lease, const std::string& blob_id, const CallContext& ctx) override {
    return blobs_.remove(keys(lease.session_id), lease.epoch, blob_id, ctx);
  }

  Result<void> put_checkpoint(const std::string& session_id, Seq seq, const Json& state,
                              const CallContext& ctx) override {
    const SessionKeys at = keys(session_id);
    auto reply = client_->call(Request::script(session_scripts::put_checkpoint(), {at.row(), at.checkpoint()},
                                               {std::to_string(seq), dump_json(state)}),
                               ctx);
    if (!reply) return fail(reply.error());
    if ((*reply)[0].text() == "missing") return no_session(session_id);
    return {};
  }

  Result<std::optional<Json>> get_checkpoint(const std::string& session_id, const CallContext& ctx) override {
    const SessionKeys at = keys(session_id);
    auto text = client_->call(Request::command({"HGET", at.checkpoint(), "state"}), ctx);
    if (!text) return fail(text.error());
    if (text->is_nil()) {
      if (auto known = check_exists(at, ctx); !known) return fail(known.error());
      return std::nullopt;
    }
    auto state = parse_json(text->text(), kMaxStoredDepth);
    if (!state) return std::nullopt;  // damaged: the log says the same
    return std::move(*state);
  }

  Result<int> lease_port(const LeasePortParams& params, const CallContext& ctx) override {
    return ports_.lease(params, ctx);
  }

  Result<void> release_ports(const std::string& session_id, const CallContext& ctx) override {
    return ports_.release_all(session_id, ctx);
  }

  Result<std::vector<std::string>> port_holders(const std::string& host_id, const CallContext& ctx) override {
    return ports_.holders(host_id, ctx);
  }

  std::string store_id() const override { return store_id_; }

  // Writes: one that is full, or a replica, would answer a read.
  Result<void> ping(const CallContext& ctx) override {
    auto written = client_->call(Request::command({"HSET", meta_key(prefix_), "format", kKeyFormat}), ctx);
    if (!written) return fail(written.error());
    return {};
  }

 private:
  class Look final : public SessionLook {
   public:
    Look(redis::Client& client, std::string session_id, redis::Client::Begun begun)
        : client_(client), session_id_(std::move(session_id)), begun_(std::move(begun)) {}

    Result<SessionRow> finish(const CallContext& ctx) override {
      auto row = loaded(session_id_, client_.finish(std::move(begun_), ctx));
      if (!row) return fail(row.error());
      return std::move(row->first);
    }

   private:
    redis::Client& client_;
    const std::string session_id_;
    redis::Client::Begun begun_;
  };

  SessionKeys keys(const std::string& session_id) const { return {prefix_, session_id}; }

  // As the scripts take it: empty for Redis' own clock.
  std::string now() const {
    const Clock* clock = client_->options().clock;
    return clock != nullptr ? std::to_string(clock->now_ms()) : std::string();
  }

  Result<UnixMillis> time(const CallContext& ctx) {
    if (const Clock* clock = client_->options().clock) return clock->now_ms();
    auto reply = client_->call(Request::command({"TIME"}, 0), ctx);
    if (!reply) return fail(reply.error());
    return (*reply)[0].number() * 1000 + (*reply)[1].number() / 1000;
  }

  // Rises with every call; of several processes, as their clocks do.
  std::string next_serial() {
    const auto time = std::chrono::system_clock::now().time_since_epoch();
    const auto micros = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
    std::uint64_t last = last_serial_, next = 0;
    do {
      next = std::max(last + 1, micros);
    } while (!last_serial_.compare_exchange_weak(last, next));
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(next));
    return text.data();
  }

  Request row_request(const std::string& session_id) const {
    return Request::command({"HGETALL", keys(session_id).row()});
  }

  // The row, and the idempotency key that it was made with.
  static Result<std::pair<SessionRow, std::string>> loaded(const std::string& session_id, Result<Reply> reply) {
    if (!reply) return fail(reply.error());
    if (reply->size() == 0) return no_session(session_id);
    std::string key;
    for (std::size_t n = 0; n + 1 < reply->size(); n += 2) {
      if ((*reply)[n].text() == "key") key = (*reply)[n + 1].str();
    }
    return std::pair{row_from(session_id, *reply), std::move(key)};
  }
  Result<std::pair<SessionRow, std::string>> load(const std::string& session_id, const CallContext& ctx) {
    return loaded(session_id, client_->call(row_request(session_id), ctx));
  }

  Result<void> check_exists(const SessionKeys& at, const CallContext& ctx) {
    auto known = client_->call(Request::command({"EXISTS", at.row()}), ctx);
    if (!known) return fail(known.error());
    if (known->number() == 0) return no_session(at.id());
    return {};
  }

  // False when there is one already.
  Result<bool> create(const SessionRow& row, const std::vector<NewEvent>& events, const std::string& key,
                      const CallContext& ctx) {
    auto reply = client_->call(create_request(keys(row.id), row, events, key, next_serial(), now()), ctx);
    if (!reply) return fail(reply.error());
    return (*reply)[0].text() == "made";
  }

  // The key stands for `session_id`, which may not be there yet: whoever claimed it is about to make it, or died.
  Result<CreateSessionResult> create_claimed(SessionRow row, const std::string& session_id,
                                             const std::vector<NewEvent>& events, const std::string& key,
                                             const CallContext& ctx) {
    row.id = session_id;
    row.vnc_port = row.mcp_port = 0;  // leased under another id
    if (auto made = create(row, events, key, ctx); !made) return fail(made.error());
    auto now_there = get_session(session_id, ctx);
    if (!now_there) return fail(now_there.error());
    return CreateSessionResult{std::move(*now_there), true};
  }

  Result<AppendResult> append(const AppendParams& params, const RowPatch& patch, const AppendConditions& conditions,
                              const CallContext& ctx) {
    auto reply = client_->call(append_request(keys(params.session_id), params.events, patch, conditions, now()), ctx);
    if (!reply) return fail(reply.error());
    return append_result(params, conditions, *reply);
  }

  const std::unique_ptr<redis::Client> client_;
  const std::string prefix_, store_id_;
  std::atomic<std::uint64_t> last_serial_{0};
  SessionShards shards_;
  IdempotencyKeys keys_;
  RedisPorts ports_;
  RedisBlobs blobs_;
  SessionNews news_;  // last: its threads end first
};

}  // namespace

Result<std::unique_ptr<SessionStore>> make_redis_store(const RedisOptions& options) {
  auto client = redis::Client::connect(options);
  if (!client) return fail(client.error());
  const CallContext ctx = with_timeout(options.connect_timeout);
  if (auto usable = check_server(**client, ctx); !usable) return fail(usable.error());
  auto name = name_store(**client, ctx);
  if (!name) return fail(name.error());
  return std::make_unique<RedisStore>(std::move(*client), std::move(*name));
}

}  // namespace ottobot
