// SessionStore: the log, the rows, the inbox and the leases of all sessions.
//
// Called by API servers, workers and the reconciler, from any thread. An acknowledged append has survived whatever the
// implementation's documentation says that it survives. Calls block; they end with ctx. An append whose outcome is
// unknown (deadline_exceeded, unavailable) may be repeated with the same event ids: it is applied once.
//
// An implementer passes ottobot::testing's SessionStoreContract, and guarantees that no callback of a subscription runs
// after its Subscription is destroyed, and none after the store is.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ottobot/call_context.hpp"
#include "ottobot/event.hpp"
#include "ottobot/turn_totals.hpp"

namespace ottobot {

// Creation facts and a projection of the log, written in the same atomic append as the events it projects.
struct SessionRow {
  std::string id;
  std::string user;  // owner; empty without access control
  UnixMillis created_at = 0;
  std::int64_t timeout_s = 0;  // idle time until it expires
  std::string initial_prompt, environment, model, image;

  SessionStatus status = SessionStatus::initializing;
  std::string phase;
  UnixMillis expires_at = 0;  // 0 = never
  UnixMillis purge_at = 0;    // 0 = not ended yet; after this time nothing of the session is kept
  Usage usage;
  TurnTotals turns;  // finished ones; kept by the store itself, from the events that are appended
  std::string error;
  std::string host_id;    // where its sandbox is
  std::string worker_id;  // who has run it last: whoever looks at its desktop does so there
  int vnc_port = 0, mcp_port = 0;
  std::string archive_blob;  // workspace of an ended session as zip; empty if none
  // The workspace as zip, as it was after the last turn that changed it; empty if none is kept. What a sandbox that was
  // lost with its files is made from.
  std::string snapshot_blob;
  bool snapshot_due = false;  // a turn has changed files since
  bool restoring = false;     // the sandbox does not have all of kept_files() yet: nothing has run in it
  Seq last_seq = 0;
  bool pending = false;  // has work that no owner has finished

  // The blob with its files, for when no sandbox has them; empty if none.
  const std::string& kept_files() const { return archive_blob.empty() ? snapshot_blob : archive_blob; }
};

// Fields to set; the others stay.
struct RowPatch {
  std::optional<SessionStatus> status;
  std::optional<std::string> phase;
  std::optional<UnixMillis> expires_at, purge_at;
  std::optional<Usage> usage;
  std::optional<std::string> error, host_id, worker_id, archive_blob, snapshot_blob;
  std::optional<int> vnc_port, mcp_port;
  std::optional<bool> pending, snapshot_due, restoring;

  void apply_to(SessionRow& row) const;
};

struct CreateSessionParams {
  SessionRow row;  // id set by the caller; last_seq is ignored
  std::vector<NewEvent> events;
  std::string idempotency_key;  // empty = none; remembered for 24 h, per user
  std::string request_hash;     // of what the key stands for
};
struct CreateSessionResult {
  SessionRow row;
  bool replayed = false;  // the key was known: `row` is as it is now, nothing was written
};

struct FindCreatedParams {
  std::string user, idempotency_key, request_hash;  // as in CreateSessionParams
};

struct AppendParams {
  std::string session_id;
  std::vector<NewEvent> events;  // one atomic batch; may be empty for a patch alone
  RowPatch patch;
};
struct AppendOwnerParams : AppendParams {
  std::uint64_t epoch = 0;
  std::optional<Seq> if_last_seq;  // conflict unless the log ends exactly there
};
struct AppendResult {
  std::vector<Seq> seqs;  // one per event
  Seq last_seq = 0;       // of the log afterwards
  UnixMillis timestamp = 0;
  bool replayed = false;  // the ids were known: nothing was written
};

struct ReadParams {
  std::string session_id;
  Seq after = 0;
  std::size_t limit = 500;
  std::size_t max_bytes = 4 << 20;  // stops after the event that passes it; at least one event is returned
};

struct ListSessionsParams {
  std::optional<std::string> user;  // nullopt = all
  std::size_t limit = 20, offset = 0;
};
struct SessionPage {
  std::vector<SessionRow> sessions;  // newest first
  std::size_t total = 0;
};

struct AcquireLeaseParams {
  std::string session_id;
  std::string owner;  // worker id
  std::chrono::milliseconds ttl{10000};
};
struct Lease {
  std::string session_id, owner;
  std::uint64_t epoch = 0;  // rises with every change of owner
};

struct LeasePortParams {
  std::string host_id;
  std::string pool;  // "vnc", "mcp"
  int first = 0, last = 0;
  std::string session_id;
};

// Called from a thread of the store; must return at once and never call the store.
class SessionSink {
 public:
  virtual ~SessionSink() = default;
  virtual void on_events(Seq last_seq) noexcept = 0;            // the log now reaches at least here: read() it
  virtual void on_ephemeral(const Json& message) noexcept = 0;  // valid during the call
};

// Ends the subscription when destroyed; afterwards the sink is not called again.
class Subscription {
 public:
  virtual ~Subscription() = default;
};

class BlobWriter {
 public:
  virtual ~BlobWriter() = default;  // without commit(), nothing is kept
  virtual Result<void> write(std::string_view bytes) = 0;
  virtual Result<std::string> commit() = 0;  // the SHA-256 of all bytes, in hex: the blob's id
};

class BlobReader {
 public:
  virtual ~BlobReader() = default;
  virtual std::uint64_t size_bytes() const = 0;
  virtual Result<void> seek(std::uint64_t offset) = 0;           // invalid_argument past the end
  virtual Result<std::size_t> read(std::span<char> buffer) = 0;  // 0 at the end
};

// A get_session() that was begun. Dropped, it leaves nothing behind.
class SessionLook {
 public:
  virtual ~SessionLook() = default;
  // Once; the store must be there still. Errors: those of get_session().
  virtual Result<SessionRow> finish(const CallContext& ctx) = 0;
};

class SessionStore {
 public:
  virtual ~SessionStore() = default;

  // Row, events and pending mark in one atomic step. Errors: already_exists (id), conflict (idempotency key with
  // another request_hash), invalid_argument (id is not 1 to 64 characters of A-Za-z0-9_-; bad event ids).
  virtual Result<CreateSessionResult> create_session(const CreateSessionParams& params, const CallContext& ctx) = 0;
  // The session that create_session() would replay, as it is now; nullopt when it would make a new one. Errors:
  // conflict (idempotency key with another request_hash).
  virtual Result<std::optional<SessionRow>> find_created(const FindCreatedParams& params, const CallContext& ctx) = 0;
  // Errors: not_found.
  virtual Result<SessionRow> get_session(const std::string& session_id, const CallContext& ctx) = 0;
  // Begins one and does not wait, so that several are asked for as one. nullptr: nothing was begun, nor gained by it.
  virtual std::unique_ptr<SessionLook> begin_get_session(const std::string& /*session_id*/) { return nullptr; }
  virtual Result<SessionPage> list_sessions(const ListSessionsParams& params, const CallContext& ctx) = 0;
  // Of all sessions, at a cost that does not grow with those that have ended.
  virtual Result<StoreTotals> totals(const CallContext& ctx) = 0;
  // Ids of sessions that are pending and have no live lease.
  virtual Result<std::vector<std::string>> sessions_with_work(std::size_t limit, const CallContext& ctx) = 0;
  // Ids of sessions that are not ended and whose expires_at has passed, and of ended ones whose purge_at has.
  virtual Result<std::vector<std::string>> sessions_expired(UnixMillis now, std::size_t limit,
                                                            const CallContext& ctx) = 0;
  // Removes every trace of the session: row, log, blobs, checkpoint, leases. not_found if there is none.
  virtual Result<void> purge_session(const std::string& session_id, const CallContext& ctx) = 0;

  // The owner's append. Errors: fenced (epoch is not the newest, or was released), not_found, conflict (if_last_seq).
  virtual Result<AppendResult> append_owner(const AppendOwnerParams& params, const CallContext& ctx) = 0;
  // Anybody's append: user_prompt, stop_requested, approval_answered, delete_requested and log only (invalid_argument
  // otherwise). Errors: not_found.
  virtual Result<AppendResult> post_inbox(const AppendParams& params, const CallContext& ctx) = 0;
  // Events with seq > after, ascending. Errors: not_found.
  virtual Result<std::vector<Event>> read(const ReadParams& params, const CallContext& ctx) = 0;

  // `sink` is borrowed until the Subscription is destroyed. Events appended after this returns are announced.
  virtual Result<std::unique_ptr<Subscription>> subscribe(const std::string& session_id, SessionSink& sink) = 0;
  // Ephemera: handed to the subscribers of now, stored nowhere.
  virtual Result<void> publish(const std::string& session_id, const Json& message, const CallContext& ctx) = 0;

  // A new epoch, or conflict while somebody else's lease is live. The same owner may acquire again: a new epoch too.
  virtual Result<Lease> acquire_lease(const AcquireLeaseParams& params, const CallContext& ctx) = 0;
  // Counts the ttl from now. Errors: fenced when the lease is no longer the newest or was released.
  virtual Result<void> renew_lease(const Lease& lease, std::chrono::milliseconds ttl, const CallContext& ctx) = 0;
  // Harmless when it is no longer held. Appends under its epoch are fenced afterwards.
  virtual Result<void> release_lease(const Lease& lease, const CallContext& ctx) = 0;

  // Blobs belong to a session and go with it; equal content is stored once per session.
  virtual Result<std::unique_ptr<BlobWriter>> create_blob(const std::string& session_id, const CallContext& ctx) = 0;
  virtual Result<std::unique_ptr<BlobReader>> open_blob(const std::string& session_id, const std::string& blob_id,
                                                        const CallContext& ctx) = 0;  // not_found
  // Removes a blob of the owner's session that nothing needs any more; who has it open reads on. Nobody else may be
  // about to name the same content. Errors: fenced, not_found (the session, or the blob), conflict (the row, or
  // `internal` of an event, still names it: it stays).
  virtual Result<void> remove_blob(const Lease& lease, const std::string& blob_id, const CallContext& ctx) = 0;

  // A disposable fold at `seq`; the newest wins. get: nullopt when there is none. Errors: not_found (the session).
  virtual Result<void> put_checkpoint(const std::string& session_id, Seq seq, const Json& state,
                                      const CallContext& ctx) = 0;
  virtual Result<std::optional<Json>> get_checkpoint(const std::string& session_id, const CallContext& ctx) = 0;

  // A port of the pool that no session holds, in O(1). Errors: resource_exhausted.
  virtual Result<int> lease_port(const LeasePortParams& params, const CallContext& ctx) = 0;
  // All ports of the session, in every pool.
  virtual Result<void> release_ports(const std::string& session_id, const CallContext& ctx) = 0;

  // Ids under which ports of `host_id` are leased, known sessions or not, each once.
  virtual Result<std::vector<std::string>> port_holders(const std::string& host_id, const CallContext& ctx) = 0;

  // Name of this store's data, the same over restarts: the `io.ottobot.instance` label of everything we start.
  virtual std::string store_id() const = 0;
  // Errors: unavailable, resource_exhausted (what is there can be read, but there is no room for more).
  virtual Result<void> ping(const CallContext& ctx) = 0;
};

// Ephemeral {"kind": kStopKind}: a stop or a delete is in the session's inbox.
inline constexpr const char* kStopKind = "stop";

// Whole blobs, for small ones.
Result<std::string> put_blob(SessionStore& store, const std::string& session_id, std::string_view bytes,
                             const CallContext& ctx);
Result<std::string> get_blob(SessionStore& store, const std::string& session_id, const std::string& blob_id,
                             const CallContext& ctx);

}  // namespace ottobot
