#include "service/assembly.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

#include "api/host_guard.hpp"
#include "net/server/finish.hpp"
#include "net/tls/tls_context.hpp"
#include "ottobot/llm/retry.hpp"
#include "ottobot/llm/timeout.hpp"
#include "service/last_worker.hpp"
#include "service/version.hpp"
#include "session/shared_secret.hpp"
#include "worker/session_runner.hpp"

namespace ottobot::service {
namespace {

constexpr std::chrono::milliseconds kSandboxLookup{5000};
constexpr int kHandlerThreads = 80;
// A download or a relayed tool call holds a thread for as long as it takes: some are left for everything else.
constexpr api::LongRequestLimits kLongRequests{16, 40};
constexpr int kSlowBodies = 16;
// Downloads and uploads in flight get this long to end by themselves before their connections are closed.
constexpr std::chrono::milliseconds kRequestPatience{2000};
// An API server knows who looks after a session as it was half a second ago.
constexpr std::chrono::milliseconds kHandedOnFor{600};
// A kept connection on which nothing is asked for so long is closed without.
constexpr std::chrono::milliseconds kLastRequests{1000};
constexpr std::chrono::milliseconds kSandboxesEnd{20'000};

bool is_wildcard(const std::string& host) { return host == "0.0.0.0" || host == "::"; }
std::string in_url(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

std::string machine_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

constexpr int kLongestBackoff = 30;  // times the first one

// Every model call has an end, and what may pass is tried again.
Result<Providers> guarded(Providers providers, const ServerOptions& server, Clock& clock) {
  RetryOptions retry;
  retry.max_attempts = server.max_retries + 1;
  retry.initial_backoff = server.retry_delay;
  retry.max_backoff = server.retry_delay * kLongestBackoff;
  LlmTimeouts timeouts;
  timeouts.idle = server.model_idle_timeout;
  for (auto& [name, provider] : providers) {
    auto timed = make_timeout_provider(std::move(provider), timeouts, clock);
    if (!timed) return fail(timed.error());
    provider = make_retry_provider(std::move(*timed), retry, clock);
  }
  return providers;
}

}  // namespace

Assembly::Assembly(ServerParts parts, ServerOptions options)
    : parts_(std::move(parts)),
      options_(std::move(options)),
      clock_(parts_.clock != nullptr ? *parts_.clock : system_clock()),
      logger_(parts_.logger != nullptr ? *parts_.logger : null_logger()),
      metrics_(version()) {}

Assembly::~Assembly() { stop(std::chrono::seconds(1)); }

Result<void> Assembly::start() {
  auto providers = guarded(std::move(parts_.providers), options_, clock_);
  if (!providers) return fail(providers.error());
  models_ = ModelCatalog(std::move(*providers));
  if (auto ok = check_options(); !ok) return ok;
  auto client = net::make_http_client();
  if (!client) return fail(client.error());
  client_ = std::move(*client);
  net::HttpServerOptions server_options;
  server_options.logger = &logger_;
  server_options.handler_threads = kHandlerThreads;
  auto server = net::make_http_server(server_options);
  if (!server) return fail(server.error());
  server_ = std::move(*server);
  roster_ = std::make_unique<session::WorkerRoster>(*parts_.queue, clock_);
  ContainerBackend* const backend = parts_.backend.get();
  if (has_worker()) {
    auto breaker = make_breaker_backend(std::move(parts_.backend), {}, clock_);
    breaker_ = breaker.get();
    parts_.backend = std::move(breaker);
  }
  health_ = std::make_unique<HealthMonitor>(HealthMonitor::Parts{*parts_.store, backend, breaker_, *roster_,
                                                                 options_.uses_redis, options_.access.cluster_secret},
                                            logger_);
  make_sessions();
  if (auto made = make_api(); !made) return made;
  if (auto listening = listen(); !listening) return listening;
  if (has_worker()) {
    if (auto working = start_worker(); !working) return working;
  }
  roster_->refresh();
  health_->ask_workers();
  gate_.open();
  return {};
}

Result<void> Assembly::check_options() {
  if (!parts_.store) return invalid_argument("the server has no store");
  if (!parts_.queue) return invalid_argument("the server has no queue");
  if (has_worker() && !parts_.backend) return invalid_argument("the server has no container backend");
  if (options_.tls_cert.empty() != options_.tls_key.empty()) {
    return invalid_argument("the server has only one of TLS certificate and key");
  }
  auto model = models_.resolve(options_.default_model);
  if (!model) return fail(model.error());
  options_.default_model = std::move(*model);
  if (options_.host_id.empty()) options_.host_id = machine_name();
  if (options_.worker_id.empty()) options_.worker_id = "worker-" + std::to_string(::getpid());
  return {};
}

void Assembly::make_sessions() {
  SessionServiceOptions options;
  options.default_timeout_s = options_.session_timeout_s;
  options.default_environment = options_.default_environment;
  options.default_model = options_.default_model;
  options.queue_limit = options_.queue_limit;
  options.pushes_later = options_.uses_redis;
  options.check_backend = [this] { return may_launch(); };
  options.resolve_model = [this](const std::string& model) { return models_.resolve(model); };
  // Elsewhere it is not known yet whose the session will be.
  if (!options_.uses_redis) {
    options.reserve_vnc_port = [this](const std::string& session_id, const CallContext& ctx) {
      return worker_->reserve_vnc_port(session_id, ctx);
    };
    options.choose_id = [this](const NewSession& request) {
      return worker_->take_spare(request.image, request.environment).value_or("");
    };
    options.release_vnc_port = [this](const std::string& session_id) { worker_->release_ports(session_id); };
  }
  sessions_ = std::make_unique<SessionService>(*parts_.store, *parts_.queue, clock_, logger_, std::move(options));
}

Result<void> Assembly::make_api() {
  api::ApiDependencies dependencies{*sessions_, *parts_.store, *client_, *server_, clock_, logger_, {}, {}, {}, {}, {},
                                    {}};
  give_metrics(dependencies);
  dependencies.sandbox_of = [this](const SessionRow& row, const CallContext& ctx) { return sandbox_of(row, ctx); };
  if (options_.uses_redis) {
    dependencies.worker_url = [this](const SessionRow& row, const CallContext& ctx) { return worker_url(row, ctx); };
  }
  dependencies.service_health = [this] { return health_->services(); };
  dependencies.service_problems = [this] { return health_->problems(); };
  api::ApiOptions options;
  options.version = version();
  options.host = options_.host;
  options.port = options_.port;
  options.public_url = options_.public_url;
  options.cors_origins = options_.cors_origins;
  options.preview_domain = options_.preview_domain;
  options.access = options_.access;
  options.is_for_this_machine = api::is_for_this_machine(options_.host, options_.public_url);
  options.long_requests = kLongRequests;
  options.slow_bodies = kSlowBodies;
  options.page = options_.page;
  auto made = api::Api::make(std::move(dependencies), std::move(options));
  if (!made) return fail(made.error());
  api_ = std::move(*made);
  return {};
}

void Assembly::give_metrics(api::ApiDependencies& dependencies) {
  census_ = std::make_unique<Census>(*parts_.store, *parts_.queue, parts_.backend.get(), clock_);
  dependencies.metrics = [this](const std::string& user, const CallContext& ctx) -> Result<Json> {
    auto snapshot = census_->take(ctx);
    if (!snapshot) return fail(snapshot.error());
    snapshot->keep_sandboxes_of(user);
    return to_json(*snapshot);
  };
  dependencies.metrics_text = [this](const std::string& user, const CallContext& ctx) -> Result<std::string> {
    auto snapshot = census_->take(ctx);
    if (!snapshot) return fail(snapshot.error());
    snapshot->launches_refused = !may_launch();
    snapshot->keep_sandboxes_of(user);
    return metrics_.text(*snapshot);
  };
  dependencies.on_answered = [this](const api::AnsweredRequest& request) { metrics_.count(request); };
}

Result<void> Assembly::listen() {
  const auto refusal = [this](net::Exchange& exchange) {
    auto response = api_->error_response(503, "the server is starting or ending");
    response.headers.set("Retry-After", "1");
    exchange.respond(std::move(response));
  };
  net::ListenOptions options;
  options.address = options_.host;
  options.port = options_.port;
  options.handler = gate_.guard(api_->handler(), refusal);
  options.is_inline = [this](const net::RequestHead& request) { return api_->is_inline(request); };
  options.is_quick = [this](net::RequestHead& request) { return api_->is_quick(request); };
  options.error_response = [this](int status, const std::string& message) {
    return api_->error_response(status, message);
  };
  if (speaks_tls()) {
    auto tls = net::make_tls_context({options_.tls_cert, options_.tls_key}, clock_, logger_);
    if (!tls) return fail(tls.error());
    options.tls = std::move(*tls);
  }
  auto listener = server_->listen(std::move(options));
  if (!listener) return fail(listener.error());
  listener_ = std::move(*listener);
  options_.port = listener_->port();
  api_->set_port(options_.port);
  return {};
}

Result<void> Assembly::start_worker() {
  worker::WorkerDependencies dependencies{
      *parts_.store, *parts_.queue, *parts_.backend, *client_, *server_, clock_, logger_, {}, {}, {}, {}, {}, {}};
  dependencies.models = [this](const std::string& model) { return models_.lookup(model); };
  dependencies.vnc_handler = [this](const std::string& session_id) { return api_->vnc_port_handler(session_id); };
  dependencies.mcp_handler = [this](const std::string& session_id) { return api_->mcp_port_handler(session_id); };
  dependencies.on_turn = [this](const FinishedTurn& turn) { metrics_.count(turn); };
  dependencies.person_controls_desktop = [this](const std::string& session_id) {
    return api_->person_controls_desktop(session_id);
  };
  dependencies.check_launches = [this] { return breaker_->admits_launches(); };
  dependencies.error_response = [this](int status, const std::string& message) {
    return api_->error_response(status, message);
  };
  worker::WorkerOptions options;
  options.worker_id = options_.worker_id;
  options.host_id = options_.host_id;
  options.concurrency = options_.worker_concurrency;
  options.lease_ttl = options_.lease_ttl;
  options.retention = options_.retention;
  options.snapshot_limit_bytes = options_.snapshot_limit_bytes;
  options.warm_pool_size = options_.uses_redis ? 0 : options_.warm_pool_size;
  options.has_peers = options_.uses_redis;
  options.advertised_url = options_.uses_redis ? advertised_url() : "";
  options.default_environment = options_.default_environment;
  options.vnc_ports = {options_.vnc_ports.first, options_.vnc_ports.second};
  options.mcp_ports = {options_.mcp_ports.first, options_.mcp_ports.second};
  options.limits = options_.limits;
  options.secret_digest = session::secret_digest(options_.access.cluster_secret, options_.worker_id);
  auto started = worker::Worker::start(std::move(dependencies), std::move(options));
  if (!started) return fail(started.error());
  worker_ = std::move(*started);
  return {};
}

// Everything that may still call into a part ends before that part: the worker's own ports use the API's handlers, the
// API uses the worker through the session service.
void Assembly::stop(std::chrono::milliseconds patience) {
  std::lock_guard lock(stop_mutex_);
  if (std::exchange(stopped_, true)) return;
  if (options_.uses_redis) hand_over(patience);
  gate_.close();
  if (listener_) listener_->stop_accepting();
  if (worker_) worker_->drain(patience);
  if (!gate_.wait_until_idle(std::min(patience, kRequestPatience))) listener_.reset();
  worker_.reset();
  if (has_worker() && !options_.keeps_sandboxes) end_sandboxes();
  api_.reset();
  listener_.reset();
  server_.reset();
  client_.reset();
  health_.reset();
  roster_.reset();
}

// To the other processes: until they and those who come here know that this one ends, everybody is served.
void Assembly::hand_over(std::chrono::milliseconds patience) {
  if (worker_) {
    worker_->drain(patience);
    std::this_thread::sleep_for(kHandedOnFor);
  }
  if (listener_) (void)net::finish(*listener_, kLastRequests);
}

void Assembly::end_sandboxes() {
  const CallContext ctx = with_timeout(kSandboxesEnd);
  if (!was_last_worker(*parts_.queue, options_.host_id, ctx)) return;
  stop_sandboxes(*parts_.backend, parts_.store->store_id(), logger_, ctx);
}

Result<void> Assembly::may_launch() const { return breaker_ != nullptr ? breaker_->admits_launches() : Result<void>(); }

Result<Endpoint> Assembly::sandbox_of(const SessionRow& row, const CallContext& ctx) const {
  if (!parts_.backend) return unavailable("no worker is up", "start one: ottobot serve --role worker");
  auto sandbox = parts_.backend->inspect(worker::sandbox_name(row.id), ctx.within(kSandboxLookup));
  if (!sandbox) return fail(sandbox.error());
  if (sandbox->state == SandboxState::exited) return not_found("the session's sandbox does not run");
  return sandbox->endpoint;
}

Result<std::string> Assembly::worker_url(const SessionRow& row, const CallContext& ctx) {
  const std::string& secret = options_.access.cluster_secret;
  if (secret.empty()) return std::string();
  const auto home = roster_->home_of(row, ctx);
  if (!home || (has_worker() && home->id == options_.worker_id)) return std::string();
  if (!session::shares_secret(*home, secret)) return session::other_secret(*home);
  return home->url;
}

// Plain http: what goes between our processes stays in a network of theirs.
std::string Assembly::advertised_url() const {
  if (!options_.advertise_url.empty() || speaks_tls()) return options_.advertise_url;
  return "http://" + in_url(is_wildcard(options_.host) ? machine_name() : options_.host) + ":" +
         std::to_string(options_.port);
}

std::string Assembly::url() const {
  return (speaks_tls() ? "https://" : "http://") + in_url(options_.host) + ":" + std::to_string(options_.port);
}

}  // namespace ottobot::service
