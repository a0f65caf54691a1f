#include "ottobot/stores/sqlite.hpp"

#include "stores/append_rules.hpp"
#include "stores/lease_table.hpp"
#include "stores/sqlite/appends.hpp"
#include "stores/sqlite/blob_files.hpp"
#include "stores/sqlite/checkpoints.hpp"
#include "stores/sqlite/data_dir.hpp"
#include "stores/sqlite/event_log.hpp"
#include "stores/sqlite/idempotency_keys.hpp"
#include "stores/sqlite/port_leases.hpp"
#include "stores/sqlite/purges.hpp"
#include "stores/sqlite/read_pool.hpp"
#include "stores/sqlite/schema.hpp"
#include "stores/sqlite/session_rows.hpp"
#include "stores/sqlite/turn_counts.hpp"
#include "stores/sqlite/writer.hpp"
#include "stores/subscriptions.hpp"

namespace ottobot {
namespace {

using namespace stores;

// Losing it, with all that came after, makes nothing happen twice: the turn goes on from before.
bool may_be_lost_with_power(const NewEvent& event) {
  switch (event.type) {
    case EventType::phase_changed:
    case EventType::warning:
    case EventType::model_call_started:
    case EventType::agent_thinking:
    case EventType::agent_message:
    case EventType::tool_result:
      return true;
    case EventType::tool_intent:
      return get_bool(event.internal, "read_only");
    default:
      return false;
  }
}

class SqliteStore final : public SessionStore {
 public:
  SqliteStore(const SqliteStoreOptions& options, DataDir dir, std::unique_ptr<Connection> connection)
      : clock_(options.clock),
        sync_(options.sync),
        reserved_disk_bytes_(options.reserved_disk_bytes),
        dir_(std::move(dir)),
        writer_(std::move(connection)),
        readers_(dir_.database()),
        leases_(options.clock),
        ports_(writer_),
        blobs_(dir_, [this](const std::string& session_id) { return exists(session_id, CallContext{}); }) {}

  // Finishes what the process before left undone.
  Result<void> recover() {
    if (auto synced = dir_.sync(); !synced) return synced;
    auto id = readers_.read(CallContext{}, [](Connection& connection) -> Result<std::string> {
      auto query = connection.query("SELECT value FROM meta WHERE name = 'store_id'");
      if (!query.next()) return data_loss("the database has no store id");
      return query.text(0);
    });
    if (!id) return fail(id.error());
    store_id_ = *id;
    if (auto loaded = ports_.load(); !loaded) return loaded;
    if (auto purged = finish_purges(writer_, CallContext{}); !purged) return purged;
    return blobs_.remove_leftovers();
  }

  Result<CreateSessionResult> create_session(const CreateSessionParams& params, const CallContext& ctx) override {
    if (auto valid = check_session_id(params.row.id); !valid) return fail(valid.error());
    if (auto valid = check_event_ids(params.events); !valid) return fail(valid.error());
    const auto events = encode_events(params.events);
    auto created = writer_.write(ctx, [&](Connection& connection) { return create(connection, params, events); });
    if (created && !created->replayed) announce(params.row.id, params.events, created->row.last_seq);
    return created;
  }

  Result<std::optional<SessionRow>> find_created(const FindCreatedParams& params, const CallContext& ctx) override {
    return readers_.read(ctx,
                         [&](Connection& connection) { return load_created(connection, params, clock_.now_ms()); });
  }

  Result<SessionRow> get_session(const std::string& session_id, const CallContext& ctx) override {
    return readers_.read(ctx, [&](Connection& connection) { return load_row(connection, session_id); });
  }

  Result<SessionPage> list_sessions(const ListSessionsParams& params, const CallContext& ctx) override {
    return readers_.read(ctx,
                         [&](Connection& connection) -> Result<SessionPage> { return list_page(connection, params); });
  }

  Result<StoreTotals> totals(const CallContext& ctx) override {
    return readers_.read(ctx, [](Connection& connection) -> Result<StoreTotals> { return load_totals(connection); });
  }

  Result<std::vector<std::string>> sessions_with_work(std::size_t limit, const CallContext& ctx) override {
    return readers_.read(ctx, [&](Connection& connection) -> Result<std::vector<std::string>> {
      return pending_sessions(connection, limit, [&](const std::string& id) { return !leases_.is_live(id); });
    });
  }

  Result<std::vector<std::string>> sessions_expired(UnixMillis now, std::size_t limit,
                                                    const CallContext& ctx) override {
    return readers_.read(ctx, [&](Connection& connection) -> Result<std::vector<std::string>> {
      return due_sessions(connection, now, limit);
    });
  }

  Result<void> purge_session(const std::string& session_id, const CallContext& ctx) override {
    const auto removed = writer_.write(ctx, [&](Connection& connection) -> Result<void> {
      const auto head = load_head(connection, session_id);
      if (!head) return fail(head.error());
      delete_session(connection, head->sid);
      PortLeases::erase(connection, session_id);
      mark_purged(connection, head->sid);
      return {};
    });
    if (!removed) return removed;
    leases_.forget(session_id);
    ports_.forget(session_id);
    if (auto purged = blobs_.remove_session(session_id); !purged) return purged;
    // The session is gone by now. When ctx ends here, the next purge or start removes the rest of the log.
    auto finished = finish_purges(writer_, ctx);
    return ctx.check() ? finished : Result<void>{};
  }

  Result<AppendResult> append_owner(const AppendOwnerParams& params, const CallContext& ctx) override {
    if (auto valid = check_event_ids(params.events); !valid) return fail(valid.error());
    const auto body = [&](Connection& connection, const EncodedEvents& events) -> Result<AppendResult> {
      const auto head = load_owned(connection, params.session_id, params.epoch);
      if (!head) return fail(head.error());
      return append_events(connection, *head, params, params.patch, params.if_last_seq, events, clock_.now_ms());
    };
    return write_append(params, ctx, body, sync_of(params.events));
  }

  Result<AppendResult> post_inbox(const AppendParams& params, const CallContext& ctx) override {
    if (auto valid = check_inbox_events(params.events); !valid) return fail(valid.error());
    RowPatch patch = params.patch;
    patch.pending = patch.pending.value_or(true);
    const auto body = [&](Connection& connection, const EncodedEvents& events) -> Result<AppendResult> {
      const auto head = load_head(connection, params.session_id);
      if (!head) return fail(head.error());
      if (auto room = check_room_for(connection, *head, params.events); !room) return fail(room.error());
      return append_events(connection, *head, params, patch, std::nullopt, events, clock_.now_ms());
    };
    return write_append(params, ctx, body, Sync::now);
  }

  Result<std::vector<Event>> read(const ReadParams& params, const CallContext& ctx) override {
    const auto stored = readers_.read(ctx, [&](Connection& connection) -> Result<std::vector<StoredEvent>> {
      const auto head = load_head(connection, params.session_id);
      if (!head) return fail(head.error());
      return read_events(connection, head->sid, params);
    });
    if (!stored) return fail(stored.error());
    return decode_events(*stored);
  }

  Result<std::unique_ptr<Subscription>> subscribe(const std::string& session_id, SessionSink& sink) override {
    return subscriptions_.subscribe(session_id, sink);
  }

  Result<void> publish(const std::string& session_id, const Json& message, const CallContext& ctx) override {
    if (auto running = ctx.check(); !running) return running;
    return subscriptions_.publish(session_id, message);
  }

  Result<Lease> acquire_lease(const AcquireLeaseParams& params, const CallContext& ctx) override {
    Lease lease{params.session_id, params.owner, 0};
    const auto acquired = writer_.write(ctx, [&](Connection& connection) -> Result<void> {
      const auto head = load_head(connection, params.session_id);
      if (!head) return fail(head.error());
      if (auto is_free = leases_.check_free(params.session_id, params.owner); !is_free) return is_free;
      lease.epoch = head->epoch + 1;
      set_epoch(connection, head->sid, lease.epoch);
      leases_.grant(lease, params.ttl);
      return {};
    });
    if (acquired) return lease;
    if (lease.epoch != 0) leases_.release(lease);
    return fail(acquired.error());
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
    const auto known = exists(session_id, ctx);
    if (!known) return fail(known.error());
    if (!*known) return no_session(session_id);
    return blobs_.create(session_id);
  }

  Result<std::unique_ptr<BlobReader>> open_blob(const std::string& session_id, const std::string& blob_id,
                                                const CallContext& ctx) override {
    if (auto running = ctx.check(); !running) return fail(running.error());
    return blobs_.open(session_id, blob_id);
  }

  Result<void> remove_blob(const Lease& lease, const std::string& blob_id, const CallContext& ctx) override {
    Seq seen = 0;  // a long log is looked through beside the writer, and by it only what has come since
    const auto check = [&](Connection& connection) -> Result<void> {
      const auto head = load_owned(connection, lease.session_id, lease.epoch);
      if (!head) return fail(head.error());
      if (row_names_blob(connection, head->sid, blob_id) || event_names_blob(connection, head->sid, seen, blob_id)) {
        return blob_in_use(lease.session_id, blob_id);
      }
      seen = head->last_seq;
      return {};
    };
    if (auto unnamed = readers_.read(ctx, check); !unnamed) return unnamed;
    // What replaced its name must be on the disk before it goes.
    const auto nothing = [](Connection&) { return Result<void>(); };
    if (auto synced = writer_.write(ctx, nothing, Sync::now); !synced) return synced;
    auto aside = writer_.write(ctx, [&](Connection& connection) -> Result<std::filesystem::path> {
      if (auto unnamed = check(connection); !unnamed) return fail(unnamed.error());
      return blobs_.set_aside(lease.session_id, blob_id);
    });
    if (!aside) return fail(aside.error());
    std::error_code left;  // a start removes it too
    std::filesystem::remove(*aside, left);
    return {};
  }

  Result<void> put_checkpoint(const std::string& session_id, Seq seq, const Json& state,
                              const CallContext& ctx) override {
    const std::string text = dump_json(state);
    return writer_.write(ctx, [&](Connection& connection) -> Result<void> {
      const auto head = load_head(connection, session_id);
      if (!head) return fail(head.error());
      write_checkpoint(connection, head->sid, seq, text);
      return {};
    });
  }

  Result<std::optional<Json>> get_checkpoint(const std::string& session_id, const CallContext& ctx) override {
    const auto text =
        readers_.read(ctx, [&](Connection& connection) { return load_checkpoint(connection, session_id); });
    if (!text) return fail(text.error());
    auto state = parse_json(*text, kMaxStoredDepth);
    if (!state) return std::nullopt;  // none, or damaged: the log says the same
    return std::move(*state);
  }

  Result<int> lease_port(const LeasePortParams& params, const CallContext& ctx) override {
    return ports_.lease(params, ctx);
  }

  Result<void> release_ports(const std::string& session_id, const CallContext& ctx) override {
    return ports_.release_all(session_id, ctx);
  }

  Result<std::vector<std::string>> port_holders(const std::string& host_id, const CallContext& ctx) override {
    if (auto running = ctx.check(); !running) return fail(running.error());
    return ports_.holders(host_id);
  }

  std::string store_id() const override { return store_id_; }

  Result<void> ping(const CallContext& ctx) override {
    const auto read = readers_.read(ctx, [](Connection& connection) -> Result<void> {
      if (!connection.query("SELECT 1 FROM meta").next()) return unavailable("the database is empty");
      return {};
    });
    if (!read) return read;
    if (auto room = dir_.check_free(reserved_disk_bytes_); !room) return room;
    if (!writer_.has_failed()) return {};
    return writer_.write(ctx, [&](Connection& connection) -> Result<void> {
      connection.query("INSERT OR REPLACE INTO meta VALUES ('written_at', ?1)").bind(clock_.now_ms()).run();
      return {};
    });
  }

 private:
  using EncodedEvents = std::vector<EncodedEvent>;

  Sync sync_of(const std::vector<NewEvent>& events) const {
    const bool soon = sync_ == SqliteSync::normal && !events.empty() &&
                      std::all_of(events.begin(), events.end(), may_be_lost_with_power);
    return soon ? Sync::soon : Sync::now;
  }

  Result<bool> exists(const std::string& session_id, const CallContext& ctx) {
    return readers_.read(ctx, [&](Connection& connection) -> Result<bool> {
      return connection.query("SELECT 1 FROM sessions WHERE id = ?1").bind(session_id).next();
    });
  }

  // Errors: not_found, fenced.
  Result<SessionHead> load_owned(Connection& connection, const std::string& session_id, std::uint64_t epoch) {
    auto head = load_head(connection, session_id);
    if (head && (epoch != head->epoch || !leases_.holds(session_id, epoch))) return stale_epoch(session_id, epoch);
    return head;
  }

  // A prompt is work to come; one that is known already, or a stop or a delete, is not.
  Result<void> check_room_for(Connection& connection, const SessionHead& head, const std::vector<NewEvent>& events) {
    const bool prompts = std::any_of(events.begin(), events.end(), [&](const NewEvent& event) {
      return event.type == EventType::user_prompt && find_event(connection, head.sid, event.id) == 0;
    });
    return prompts ? dir_.check_free(reserved_disk_bytes_) : Result<void>{};
  }

  void announce(const std::string& session_id, const std::vector<NewEvent>& events, Seq last_seq) {
    if (!events.empty()) subscriptions_.announce(session_id, last_seq);
  }

  Result<CreateSessionResult> create(Connection& connection, const CreateSessionParams& params,
                                     const EncodedEvents& events) {
    const UnixMillis now = clock_.now_ms();
    auto known = load_created(connection, {params.row.user, params.idempotency_key, params.request_hash}, now);
    if (!known) return fail(known.error());
    if (*known) return CreateSessionResult{std::move(**known), true};
    if (load_head(connection, params.row.id)) return session_exists(params.row.id);
    if (auto room = dir_.check_free(reserved_disk_bytes_); !room) return fail(room.error());
    CreateSessionResult created{params.row, false};
    created.row.turns = {};
    created.row.last_seq = static_cast<Seq>(events.size());
    created.row.pending = true;
    const std::int64_t sid = insert_session(connection, created.row, now);
    insert_events(connection, sid, 0, now, events);
    if (!params.idempotency_key.empty()) remember_key(connection, params, sid, now);
    return created;
  }

  template <class Body>
  Result<AppendResult> write_append(const AppendParams& params, const CallContext& ctx, const Body& body, Sync sync) {
    const auto events = encode_events(params.events);
    auto appended = writer_.write(
        ctx, [&](Connection& connection) { return body(connection, events); }, sync);
    if (appended && !appended->replayed) announce(params.session_id, params.events, appended->last_seq);
    return appended;
  }

  Clock& clock_;
  const SqliteSync sync_;
  const std::uint64_t reserved_disk_bytes_;
  DataDir dir_;  // unlocked last
  std::string store_id_;
  Writer writer_;  // closed after the readers, to fold the WAL into the database
  ReadPool readers_;
  LeaseTable leases_;
  PortLeases ports_;
  BlobFiles blobs_;
  Subscriptions subscriptions_;
};

}  // namespace

Result<std::unique_ptr<SessionStore>> make_sqlite_store(const SqliteStoreOptions& options) {
  auto dir = DataDir::open(options.data_dir);
  if (!dir) return fail(dir.error());
  try {
    auto connection = std::make_unique<Connection>(dir->database(), Connection::Mode::read_write);
    if (auto ready = prepare_database(*connection, options.max_database_bytes); !ready) return fail(ready.error());
    auto store = std::make_unique<SqliteStore>(options, std::move(*dir), std::move(connection));
    if (auto recovered = store->recover(); !recovered) return fail(recovered.error());
    return store;
  } catch (...) {
    return fail(current_database_error(), options.data_dir.string());
  }
}

}  // namespace ottobot
