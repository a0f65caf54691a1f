#include <mutex>

#include "ottobot/ids.hpp"
#include "ottobot/stores/memory.hpp"
#include "stores/append_rules.hpp"
#include "stores/lease_table.hpp"
#include "stores/memory/memory_blobs.hpp"
#include "stores/memory/session_table.hpp"
#include "stores/port_pools.hpp"
#include "stores/subscriptions.hpp"

namespace ottobot {
namespace {

using namespace stores;

class MemoryStore final : public SessionStore {
 public:
  explicit MemoryStore(Clock& clock) : leases_(clock), sessions_(clock) {}

  Result<CreateSessionResult> create_session(const CreateSessionParams& params, const CallContext& ctx) override {
    if (auto running = ctx.check(); !running) return fail(running.error());
    if (auto valid = check_session_id(params.row.id); !valid) return fail(valid.error());
    if (auto valid = check_event_ids(params.events); !valid) return fail(valid.error());
    auto created = [&] {
      std::lock_guard lock(mutex_);
      return sessions_.create(params);
    }();
    if (created && !created->replayed) announce(params.row.id, params.events, created->row.last_seq);
    return created;
  }

  Result<std::optional<SessionRow>> find_created(const FindCreatedParams& params, const CallContext& ctx) override {
    if (auto running = ctx.check(); !running) return fail(running.error());
    std::lock_guard lock(mutex_);
    return sessions_.find_created(params);
  }

  Result<SessionRow> get_session(const std::string& session_id, const CallContext& ctx) override {
    return with_session(session_id, ctx, [](StoredSession& session) -> Result<SessionRow> { return session.row; });
  }

  Result<SessionPage> list_sessions(const ListSessionsParams& params, const CallContext& ctx) override {
    if (auto running = ctx.check(); !running) return fail(running.error());
    std::lock_guard lock(mutex_);
    SessionPage page;
    page.total = sessions_.index().total(params.user);
    for (const auto& id : sessions_.index().page(params)) page.sessions.push_back(sessions_.find(id)->row);
    return page;
  }

  Result<StoreTotals> totals(const CallContext& ctx) override {
    if (auto running = ctx.check(); !running) return fail(running.error());
    std::lock_guard lock(mutex_);
    return StoreTotals{sessions_.index().by_status(), sessions_.turns()};
  }

  Result<std::vector<std::string>> sessions_with_work(std::size_t limit, const CallContext& ctx) override {
    if (auto running = ctx.check(); !running) return fail(running.error());
    std::lock_guard lock(mutex_);
    std::vector<std::string> ids;
    for (const auto& [serial, id] : sessions_.index().pending()) {
      if (ids.size() >= limit) break;
      if (!leases_.is_live(id)) ids.push_back(id);
    }
    return ids;
  }

  Result<std::vector<std::string>> sessions_expired(UnixMillis now, std::size_t limit,
                                                    const CallContext& ctx) override {
    if (auto running = ctx.check(); !running) return fail(running.error());
    std::lock_guard lock(mutex_);
    return sessions_.index().due(now, limit);
  }

  Result<void> purge_session(const std::string& session_id, const CallContext& ctx) override {
    return with_session(session_id, ctx, [&](StoredSession& session) -> Result<void> {
      leases_.forget(session_id);
      ports_.release_all(session_id);
      sessions_.erase(session);
      return {};
    });
  }

  Result<AppendResult> append_owner(const AppendOwnerParams& params, const CallContext& ctx) override {
    if (auto valid = check_event_ids(params.events); !valid) return fail(valid.error());
    auto appended = with_session(params.session_id, ctx, [&](StoredSession& session) -> Result<AppendResult> {
      if (auto owned = check_owner(session, params.epoch); !owned) return fail(owned.error());
      return sessions_.append(session, params, params.patch, params.if_last_seq);
    });
    if (appended && !appended->replayed) announce(params.session_id, params.events, appended->last_seq);
    return appended;
  }

  Result<AppendResult> post_inbox(const AppendParams& params, const CallContext& ctx) override {
    if (auto valid = check_inbox_events(params.events); !valid) return fail(valid.error());
    RowPatch patch = params.patch;
    patch.pending = patch.pending.value_or(true);
    auto appended = with_session(params.session_id, ctx, [&](StoredSession& session) {
      return sessions_.append(session, params, patch, std::nullopt);
    });
    if (appended && !appended->replayed) announce(params.session_id, params.events, appended->last_seq);
    return appended;
  }

  Result<std::vector<Event>> read(const ReadParams& params, const CallContext& ctx) override {
    using Shared = std::vector<std::shared_ptr<const Event>>;
    const auto found = with_session(params.session_id, ctx, [&](StoredSession& session) -> Result<Shared> {
      const auto size = session.log.size();
      const auto first = std::min(size, static_cast<std::size_t>(std::max<Seq>(params.after, 0)));
      const auto count = std::min(params.limit, size - first);
      const auto begin = session.log.begin() + static_cast<std::ptrdiff_t>(first);
      return Shared(begin, begin + static_cast<std::ptrdiff_t>(count));
    });
    if (!found) return fail(found.error());
    std::vector<Event> events;
    std::size_t bytes = 0;
    for (const auto& event : *found) {
      events.push_back(*event);
      bytes += dump_json(event->data).size() + (event->internal.is_null() ? 0 : dump_json(event->internal).size());
      if (bytes > params.max_bytes) break;
    }
    return events;
  }

  Result<std::unique_ptr<Subscription>> subscribe(const std::string& session_id, SessionSink& sink) override {
    return subscriptions_.subscribe(session_id, sink);
  }

  Result<void> publish(const std::string& session_id, const Json& message, const CallContext& ctx) override {
    if (auto running = ctx.check(); !running) return running;
    return subscriptions_.publish(session_id, message);
  }

  Result<Lease> acquire_lease(const AcquireLeaseParams& params, const CallContext& ctx) override {
    return with_session(params.session_id, ctx, [&](StoredSession& session) -> Result<Lease> {
      if (auto is_free = leases_.check_free(params.session_id, params.owner); !is_free) return fail(is_free.error());
      Lease lease{params.session_id, params.owner, ++session.epoch};
      leases_.grant(lease, params.ttl);
      return lease;
    });
  }

  Result<void> renew_lease(const Lease& lease, std::chrono::milliseconds ttl, const CallContext& ctx) override {
    if (auto running = ctx.check(); !running) return running;
    return leases_.renew(lease, ttl);
  }

  Result<void> release_lease(const Lease& lease, const CallContext&) override {
    leases_.release(lease);
    return {};
  }

  Result<std::unique_ptr<BlobWriter>> create_blob(const std::string& session_id, const CallContext& ctx) override {
    return with_session(session_id, ctx, [&](StoredSession&) -> Result<std::unique_ptr<BlobWriter>> {
      return make_memory_blob_writer(
          [this, session_id](const std::string& id, std::shared_ptr<const std::string> bytes) {
            return keep_blob(session_id, id, std::move(bytes));
          });
    });
  }

  Result<std::unique_ptr<BlobReader>> open_blob(const std::string& session_id, const std::string& blob_id,
                                                const CallContext& ctx) override {
    return with_session(session_id, ctx, [&](StoredSession& session) -> Result<std::unique_ptr<BlobReader>> {
      const auto found = session.blobs.find(blob_id);
      if (found == session.blobs.end()) return no_blob(session_id, blob_id);
      return make_memory_blob_reader(found->second);
    });
  }

  Result<void> remove_blob(const Lease& lease, const std::string& blob_id, const CallContext& ctx) override {
    return with_session(lease.session_id, ctx, [&](StoredSession& session) -> Result<void> {
      if (auto owned = check_owner(session, lease.epoch); !owned) return owned;
      const auto found = session.blobs.find(blob_id);
      if (found == session.blobs.end()) return no_blob(lease.session_id, blob_id);
      if (names_blob(session, blob_id)) return blob_in_use(lease.session_id, blob_id);
      session.blobs.erase(found);
      return {};
    });
  }

  Result<void> put_checkpoint(const std::string& session_id, Seq seq, const Json& state,
                              const CallContext& ctx) override {
    return with_session(session_id, ctx, [&](StoredSession& session) -> Result<void> {
      if (!session.checkpoint || session.checkpoint->seq <= seq) session.checkpoint = StoredCheckpoint{seq, state};
      return {};
    });
  }

  Result<std::optional<Json>> get_checkpoint(const std::string& session_id, const CallContext& ctx) override {
    return with_session(session_id, ctx, [&](StoredSession& session) -> Result<std::optional<Json>> {
      if (!session.checkpoint) return std::nullopt;
      return session.checkpoint->state;
    });
  }

  Result<int> lease_port(const LeasePortParams& params, const CallContext& ctx) override {
    if (auto running = ctx.check(); !running) return fail(running.error());
    std::lock_guard lock(mutex_);
    return ports_.lease(params);
  }

  Result<void> release_ports(const std::string& session_id, const CallContext& ctx) override {
    if (auto running = ctx.check(); !running) return running;
    std::lock_guard lock(mutex_);
    ports_.release_all(session_id);
    return {};
  }

  Result<std::vector<std::string>> port_holders(const std::string& host_id, const CallContext& ctx) override {
    if (auto running = ctx.check(); !running) return fail(running.error());
    std::lock_guard lock(mutex_);
    return ports_.holders(host_id);
  }

  std::string store_id() const override { return store_id_; }

  Result<void> ping(const CallContext& ctx) override { return ctx.check(); }

 private:
  // `body(session)` under the lock.
  template <class Body>
  auto with_session(const std::string& session_id, const CallContext& ctx, const Body& body)
      -> std::invoke_result_t<Body, StoredSession&> {
    if (auto running = ctx.check(); !running) return fail(running.error());
    std::lock_guard lock(mutex_);
    StoredSession* session = sessions_.find(session_id);
    if (!session) return no_session(session_id);
    return body(*session);
  }

  Result<void> check_owner(const StoredSession& session, std::uint64_t epoch) {
    if (epoch == session.epoch && leases_.holds(session.row.id, epoch)) return {};
    return stale_epoch(session.row.id, epoch);
  }

  void announce(const std::string& session_id, const std::vector<NewEvent>& events, Seq last_seq) {
    if (!events.empty()) subscriptions_.announce(session_id, last_seq);
  }

  Result<void> keep_blob(const std::string& session_id, const std::string& blob_id,
                         std::shared_ptr<const std::string> bytes) {
    return with_session(session_id, CallContext{}, [&](StoredSession& session) -> Result<void> {
      session.blobs.emplace(blob_id, std::move(bytes));
      return {};
    });
  }

  const std::string store_id_ = new_id();
  LeaseTable leases_;
  std::mutex mutex_;  // guards sessions_ and ports_
  SessionTable sessions_;
  PortPools ports_;
  Subscriptions subscriptions_;  // last: its thread ends first
};

}  // namespace

std::unique_ptr<SessionStore> make_memory_store(Clock& clock) { return std::make_unique<MemoryStore>(clock); }

}  // namespace ottobot
