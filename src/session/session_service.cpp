#include "ottobot/session/session_service.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "ottobot/field_problems.hpp"
#include "ottobot/ids.hpp"
#include "session/blob_refs.hpp"
#include "session/job_bell.hpp"
#include "session/waiting_prompts.hpp"
#include "session/waiting_sessions.hpp"
#include "session/worker_roster.hpp"

namespace ottobot {
namespace {

constexpr std::size_t kMaxInitialPrompt = 5000;
constexpr std::size_t kMaxPrompt = 10000;
constexpr std::int64_t kMinTimeoutSeconds = 300;
constexpr std::int64_t kMaxTimeoutSeconds = 7200;
constexpr std::size_t kMaxIdempotencyKey = 255;
constexpr std::size_t kMaxImage = 512;
constexpr std::size_t kMaxClientId = 200;
constexpr std::size_t kRequeueBatch = 500;
constexpr std::chrono::seconds kPushTimeout{5};
constexpr std::array<std::string_view, 4> kEnvironments{"node", "python", "full-stack", "data-science"};

Result<void> check_length(const std::string& field, const std::string& text, std::size_t max) {
  const auto length = utf8_length(text);
  if (!length) return invalid_field(field, "must be valid UTF-8");
  if (*length < 1 || *length > max) return invalid_field(field, "must be 1 to " + std::to_string(max) + " characters");
  return {};
}

// A reference as container engines take it, and nothing that a command line or a path could be made of.
bool may_be_image(const std::string& image) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:@";
  return image.size() <= kMaxImage && image.find_first_not_of(kAllowed) == std::string::npos &&
         image.find("..") == std::string::npos && std::isalnum(static_cast<unsigned char>(image.front())) != 0;
}

FieldProblems problems_of(const NewSession& request) {
  FieldProblems problems;
  problems.add(check_length("initial_prompt", request.initial_prompt, kMaxInitialPrompt));
  // 0: the operator's default, which may be shorter.
  if (request.timeout_s != 0 && (request.timeout_s < kMinTimeoutSeconds || request.timeout_s > kMaxTimeoutSeconds)) {
    problems.add("timeout", "must be 300 to 7200 seconds");
  }
  if (std::find(kEnvironments.begin(), kEnvironments.end(), request.environment) == kEnvironments.end()) {
    problems.add("environment", "must be node, python, full-stack or data-science");
  }
  if (!request.image.empty() && !may_be_image(request.image)) {
    problems.add("image", "must be the name of a container image, like registry.example/name:tag");
  }
  if (request.idempotency_key.size() > kMaxIdempotencyKey) {
    problems.add("Idempotency-Key", "must be at most 255 bytes");
  }
  return problems;
}

Error naming_model(Error error) {
  if (error.code == ErrorCode::invalid_argument && error.details.empty()) {
    error.details.push_back({"model", error.message});
    error.message = "model: " + error.message;
  }
  return error;
}

std::string hash_of(const NewSession& request) {
  return sha256_hex(dump_json({{"initial_prompt", request.initial_prompt},
                               {"timeout", request.timeout_s},
                               {"environment", request.environment},
                               {"model", request.model},
                               {"image", request.image}}));
}

bool was_deleted(const SessionRow& row) {
  const bool ended = row.status == SessionStatus::terminating || row.status == SessionStatus::terminated;
  return ended && row.phase != phase::kExpired;
}

Failure deleted_session() {
  return conflict("the session was deleted",
                  "create a new one with POST /session; its log and download stay for a while");
}

// The answer as it was given the first time: the session has moved on since.
SessionRow as_created(SessionRow row) {
  row.status = SessionStatus::initializing;
  row.phase = phase::kQueued;
  row.expires_at = row.created_at + row.timeout_s * 1000;
  return row;
}

}  // namespace

SessionService::SessionService(SessionStore& store, Queue& queue, Clock& clock, Logger& logger,
                               SessionServiceOptions options)
    : store_(store),
      queue_(queue),
      clock_(clock),
      logger_(logger),
      options_(std::move(options)),
      waiting_(std::make_unique<session::WaitingPrompts>()),
      queued_(std::make_unique<session::WaitingSessions>(queue, clock)),
      roster_(std::make_unique<session::WorkerRoster>(queue, clock)) {
  if (!options_.pushes_later) return;
  bell_ = std::make_unique<session::JobBell>(
      [this](const std::vector<SessionRow>& rows) { push_jobs(rows, with_timeout(kPushTimeout)); });
}

SessionService::~SessionService() = default;

NewSession SessionService::with_defaults(NewSession request) const {
  if (request.environment.empty()) request.environment = options_.default_environment;
  if (request.model.empty()) request.model = options_.default_model;
  return request;
}

Result<void> SessionService::check(const NewSession& asked) const {
  const NewSession request = with_defaults(asked);
  FieldProblems problems = problems_of(request);
  problems.add(options_.resolve_model(request.model).map_error(naming_model));
  return problems.check();
}

Result<SessionRow> SessionService::create(const NewSession& asked, const CallContext& ctx) {
  // What was answered once is answered again, whatever has become of the queue or the model.
  auto known = find_created(asked, ctx);
  if (!known) return fail(known.error());
  if (*known) return as_created(std::move(**known));
  NewSession request = with_defaults(asked);
  FieldProblems problems = problems_of(request);
  auto model = options_.resolve_model(request.model).map_error(naming_model);
  if (!model && problems.empty()) return fail(model.error());  // with its hint
  problems.add(model);
  if (auto ok = problems.check(); !ok) return fail(ok.error());
  if (request.timeout_s == 0) request.timeout_s = options_.default_timeout_s;
  if (auto ok = check_queue(ctx); !ok) return fail(ok.error());
  if (options_.check_backend) {
    if (auto ok = options_.check_backend(); !ok) return fail(ok.error());
  }
  request.model = std::move(*model);
  // The defaults may be others after a restart.
  return store_new(request, asked.idempotency_key.empty() ? std::string() : hash_of(asked), ctx);
}

Result<std::optional<SessionRow>> SessionService::find_created(const NewSession& asked, const CallContext& ctx) {
  if (asked.idempotency_key.empty() || asked.idempotency_key.size() > kMaxIdempotencyKey) return std::nullopt;
  return store_.find_created({asked.user, asked.idempotency_key, hash_of(asked)}, ctx);
}

Result<SessionRow> SessionService::store_new(const NewSession& request, const std::string& hash,
                                             const CallContext& ctx) {
  CreateSessionParams params;
  SessionRow& row = params.row;
  if (options_.choose_id) row.id = options_.choose_id(request);
  if (row.id.empty()) row.id = new_id();
  row.user = request.user;
  row.created_at = clock_.now_ms();
  row.timeout_s = request.timeout_s;
  row.initial_prompt = request.initial_prompt;
  row.environment = request.environment;
  row.model = request.model;
  row.image = request.image;
  row.phase = phase::kQueued;
  row.expires_at = row.created_at + row.timeout_s * 1000;
  row.pending = true;
  if (options_.reserve_vnc_port) {
    auto port = options_.reserve_vnc_port(row.id, ctx);
    if (!port) return fail(port.error());
    row.vnc_port = *port;
  }
  params.events = {events::session_created({row.initial_prompt, row.environment, row.model, row.image}),
                   events::phase_changed(phase::kQueued, 0, "Session queued"), events::user_prompt(row.initial_prompt)};
  params.idempotency_key = request.idempotency_key;
  params.request_hash = hash;

  auto created = store_.create_session(params, ctx);
  const bool stored = created && !created->replayed;
  if (!stored && options_.release_vnc_port) options_.release_vnc_port(row.id);
  if (!created) return fail(created.error());
  if (created->replayed) return as_created(std::move(created->row));
  push_job(created->row, ctx);
  return std::move(created->row);
}

Result<SessionRow> SessionService::get(const std::string& session_id, const std::string& user, const CallContext& ctx,
                                       SessionLook* begun) {
  if (!is_valid_id(session_id)) return not_found("Session not found");
  auto row = begun != nullptr ? begun->finish(ctx) : store_.get_session(session_id, ctx);
  if (!row && row.error().code == ErrorCode::not_found) return not_found("Session not found");
  if (row && !user.empty() && row->user != user) return not_found("Session not found");
  return row;
}

Result<SessionPage> SessionService::list(const ListSessionsParams& params, const CallContext& ctx) {
  return store_.list_sessions(params, ctx);
}

Result<Seq> SessionService::post_prompt(const std::string& session_id, const std::string& user,
                                        const std::string& content, const std::string& client_id,
                                        const CallContext& ctx) {
  auto row = get(session_id, user, ctx);
  if (!row) return fail(row.error());
  if (auto ok = check_prompt(content, client_id); !ok) return fail(ok.error());
  if (was_deleted(*row)) return deleted_session();

  AppendParams params;
  params.session_id = session_id;
  params.events = {events::user_prompt(content, client_id)};
  // The client's id names the event, so that a re-sent prompt is the same event.
  if (!client_id.empty()) params.events[0].id = "prompt-" + sha256_hex(client_id);
  if (auto room = check_waiting(*row, params.events[0].id, ctx); !room) return fail(room.error());
  params.patch.pending = true;
  params.patch.expires_at = clock_.now_ms() + row->timeout_s * 1000;
  auto appended = store_.post_inbox(params, ctx);
  if (!appended) return fail(appended.error());
  if (!appended->replayed) push_job(*row, ctx);
  return appended->seqs.front();
}

Result<void> SessionService::stop(const std::string& session_id, const std::string& user, const CallContext& ctx) {
  auto row = get(session_id, user, ctx);
  if (!row) return fail(row.error());
  if (was_deleted(*row)) return deleted_session();
  if (!row->pending) return {};
  AppendParams params;
  params.session_id = session_id;
  params.events = {events::stop_requested(user.empty() ? "user" : user)};
  auto appended = store_.post_inbox(params, ctx);
  if (!appended) return fail(appended.error());
  announce_stop(session_id, ctx);
  push_job(*row, ctx);
  return {};
}

Result<void> SessionService::remove(const std::string& session_id, const std::string& user, const CallContext& ctx) {
  auto row = get(session_id, user, ctx);
  if (!row) return fail(row.error());
  if (was_deleted(*row)) return {};
  AppendParams params;
  params.session_id = session_id;
  params.events = {events::delete_requested(user.empty() ? "user" : user)};
  params.patch.pending = true;
  params.patch.status = SessionStatus::terminating;
  if (row->phase == phase::kExpired) params.patch.phase = std::string(phase::kReady);
  auto appended = store_.post_inbox(params, ctx);
  if (!appended) return fail(appended.error());
  announce_stop(session_id, ctx);
  push_job(*row, ctx);
  return {};
}

Result<void> SessionService::check_queue(const CallContext& ctx) {
  auto room = queued_->has_room(options_.queue_limit, ctx);
  if (!room) return fail(room.error());
  if (*room) return {};
  auto full =
      resource_exhausted("too many sessions are waiting to start", "try again in a moment, or raise QUEUE_LIMIT");
  full.value().retry_after = std::chrono::seconds(5);
  return full;
}

Result<void> SessionService::check_waiting(const SessionRow& row, const std::string& event_id, const CallContext& ctx) {
  if (!row.pending) return {};
  auto room = waiting_->has_room(store_, row.id, event_id, options_.max_waiting_prompts, ctx);
  if (!room) return fail(room.error());
  if (*room) return {};
  auto full = resource_exhausted(
      std::to_string(options_.max_waiting_prompts) + " prompts of this session wait for the running turn already",
      "send it again when a turn has ended, or stop the running one");
  full.value().retry_after = std::chrono::seconds(5);
  return full;
}

void SessionService::announce_stop(const std::string& session_id, const CallContext& ctx) {
  auto told = store_.publish(session_id, {{"kind", kStopKind}}, ctx);
  // The owner finds it in the log at its next step all the same.
  if (!told) logger_.warn("could not announce a stop", {{"session", session_id}, {"error", told.error().to_string()}});
}

void SessionService::push_job(const SessionRow& row, const CallContext& ctx) {
  if (bell_) return bell_->ring(row);
  push_jobs({row}, ctx);
}

// What is acknowledged is in the store: the reconciler queues what could not be pushed.
void SessionService::push_jobs(const std::vector<SessionRow>& rows, const CallContext& ctx) {
  std::map<std::string, std::vector<std::string>> ids;  // by queue
  for (const SessionRow& row : rows) ids[roster_->queue_for(row, ctx)].push_back(row.id);
  for (const auto& [queue, own] : ids) {
    const auto pushed = queue_.push_all(queue, own, ctx);
    if (pushed) {
      queued_->count_pushed(*pushed);
    } else {
      logger_.warn("could not queue sessions", {{"sessions", own}, {"error", pushed.error().to_string()}});
    }
  }
}

Result<void> check_prompt(const std::string& content, const std::string& client_id) {
  FieldProblems problems;
  problems.add(check_length("content", content, kMaxPrompt));
  if (client_id.size() > kMaxClientId) problems.add("id", "must be at most 200 bytes");
  if (!utf8_length(client_id)) problems.add("id", "must be valid UTF-8");
  return problems.check();
}

Result<std::size_t> requeue_pending(SessionStore& store, Queue& queue, const CallContext& ctx) {
  auto ids = store.sessions_with_work(kRequeueBatch, ctx);
  if (!ids) return fail(ids.error());
  session::WorkerRoster roster(queue, system_clock());
  std::map<std::string, std::vector<std::string>> of_queue;
  for (const std::string& id : *ids) {
    const auto row = store.get_session(id, ctx);
    if (row) of_queue[roster.queue_for(*row, ctx)].push_back(id);  // else purged meanwhile; or the next round finds it
  }
  std::size_t pushed = 0;
  for (const auto& [name, own] : of_queue) {
    auto fresh = queue.push_all(name, own, ctx);
    if (!fresh) return fail(fresh.error());
    pushed += *fresh;
  }
  return pushed;
}

Result<std::vector<Event>> read_events(SessionStore& store, const ReadParams& params, const CallContext& ctx) {
  auto events = store.read(params, ctx);
  if (!events) return events;
  std::size_t bytes = 0;
  for (auto event = events->begin(); event != events->end(); ++event) {
    auto put_back = session::internalize(*event, store, params.session_id, ctx);
    if (!put_back) return fail(put_back.error());
    bytes += *put_back;
    if (bytes <= params.max_bytes) continue;
    events->erase(event + 1, events->end());  // its blobs count as well
    break;
  }
  return events;
}

}  // namespace ottobot
