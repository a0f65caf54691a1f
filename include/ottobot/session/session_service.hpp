// SessionService: what a user does with sessions, over any store and queue.
//
// The HTTP API, the command line and embedding programs call it, from any thread. It validates, appends to the inbox
// and pushes "session S has work"; it runs nothing itself. Everything acknowledged here is durable in the store.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ottobot/call_context.hpp"
#include "ottobot/clock.hpp"
#include "ottobot/log.hpp"
#include "ottobot/queue.hpp"
#include "ottobot/session_store.hpp"

namespace ottobot {

namespace session {
class JobBell;
class WaitingPrompts;
class WaitingSessions;
class WorkerRoster;
}

// The queue that every worker takes from; each has one of its own, too, once it has announced itself.
inline constexpr const char* kSharedQueue = "sessions";

struct NewSession {
  std::string initial_prompt;  // 1..5000 code points
  std::int64_t timeout_s = 0;  // 300..7200; 0 = the default
  std::string environment;     // node, python, full-stack, data-science; empty = the default
  std::string model;           // "provider:model" or a model name; empty = the default
  std::string image;           // empty = the backend's default
  std::string user;
  std::string idempotency_key;  // empty = none
};

struct SessionServiceOptions {
  std::int64_t default_timeout_s = 3600;
  std::string default_environment = "full-stack";
  std::string default_model;
  std::size_t queue_limit = 1000;          // sessions that wait, then resource_exhausted
  std::size_t max_waiting_prompts = 1000;  // per session, behind the running turn; then resource_exhausted
  // Turns a model as a user names it into "provider:model", or says that there is none such. Must be set.
  std::function<Result<std::string>(const std::string& model)> resolve_model;
  // Jobs are pushed by a thread of the service, many at once, and no call waits for the queue. Worth it where the queue is
  // a server.
  bool pushes_later = false;
  // The id of a new session whose fields are good and filled in; empty = any. May be empty.
  std::function<std::string(const NewSession& request)> choose_id;
  // Whether sandboxes can be started, as far as is known: an error refuses new sessions. May be empty.
  std::function<Result<void>()> check_backend;
  // Where the desktop of a new session will be: 0 = no port of its own. May be empty.
  std::function<Result<int>(const std::string& session_id, const CallContext& ctx)> reserve_vnc_port;
  // Undoes it when the session could not be stored. May be empty.
  std::function<void(const std::string& session_id)> release_vnc_port;
};

class SessionService {
 public:
  // Everything is borrowed and must outlive the service.
  SessionService(SessionStore& store, Queue& queue, Clock& clock, Logger& logger, SessionServiceOptions options);
  ~SessionService();

  // The same idempotency key and body: the first answer again, whatever would refuse a new session. Errors:
  // invalid_argument (details name the fields), conflict (idempotency key used for another body), resource_exhausted
  // (queue limit, disk), those of check_backend.
  Result<SessionRow> create(const NewSession& request, const CallContext& ctx);
  // The session that create() would answer with again, as it is now; nullopt when it would make a new one. Errors:
  // conflict (idempotency key used for another body).
  Result<std::optional<SessionRow>> find_created(const NewSession& request, const CallContext& ctx);
  // Whether create() would take the fields. Errors: invalid_argument (details name every wrong one).
  Result<void> check(const NewSession& request) const;
  // Errors, these and below: not_found, for another user's session too. `user` empty = any. `begun`: a look at this
  // session that is finished here; may be null.
  Result<SessionRow> get(const std::string& session_id, const std::string& user, const CallContext& ctx,
                         SessionLook* begun = nullptr);
  Result<SessionPage> list(const ListSessionsParams& params, const CallContext& ctx);

  // Appends a prompt (1..10000 code points) and returns its seq; the same client_id again gives the same seq. Errors:
  // conflict when the session was deleted, resource_exhausted when too many of its prompts wait.
  Result<Seq> post_prompt(const std::string& session_id, const std::string& user, const std::string& content,
                          const std::string& client_id, const CallContext& ctx);
  // Harmless when nothing runs. Errors: conflict when the session was deleted.
  Result<void> stop(const std::string& session_id, const std::string& user, const CallContext& ctx);
  // Ends the session for good; again is harmless.
  Result<void> remove(const std::string& session_id, const std::string& user, const CallContext& ctx);

 private:
  NewSession with_defaults(NewSession request) const;
  // Of a request whose fields are good and filled in; `hash` is of what was asked.
  Result<SessionRow> store_new(const NewSession& request, const std::string& hash, const CallContext& ctx);
  Result<void> check_queue(const CallContext& ctx);
  Result<void> check_waiting(const SessionRow& row, const std::string& event_id, const CallContext& ctx);
  void announce_stop(const std::string& session_id, const CallContext& ctx);
  void push_job(const SessionRow& row, const CallContext& ctx);
  void push_jobs(const std::vector<SessionRow>& rows, const CallContext& ctx);

  SessionStore& store_;
  Queue& queue_;
  Clock& clock_;
  Logger& logger_;
  SessionServiceOptions options_;
  std::unique_ptr<session::WaitingPrompts> waiting_;
  std::unique_ptr<session::WaitingSessions> queued_;
  std::unique_ptr<session::WorkerRoster> roster_;
  std::unique_ptr<session::JobBell> bell_;  // last: its thread ends first
};

// Whether post_prompt() would take them. Errors: invalid_argument (details name every wrong one).
Result<void> check_prompt(const std::string& content, const std::string& client_id);

// Pushes every session that has work and no owner, to the worker that is to have it; returns how many. Run at start and
// periodically.
Result<std::size_t> requeue_pending(SessionStore& store, Queue& queue, const CallContext& ctx);

// Events as read() gives them, with blobs put back into place. What those hold counts for max_bytes too.
Result<std::vector<Event>> read_events(SessionStore& store, const ReadParams& params, const CallContext& ctx);

}  // namespace ottobot
