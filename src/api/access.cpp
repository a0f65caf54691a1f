#include "api/access.hpp"

#include <algorithm>

#include "api/bridged_socket.hpp"
#include "api/worker_relay.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::api {
namespace {

constexpr int kReportsPerMinute = 60;
constexpr std::size_t kMaxWelcome = 10'000;
constexpr const char* kHowToAuthenticate =
    "send Authorization: Bearer KEY, or in a URL ?ticket= with a ticket from POST /session/ID/ticket";
constexpr const char* kHowToGetTicket = "get a new one: POST /session/ID/ticket with an API key";

tl::unexpected<Refusal> refuse(int status, const Failure& failure) {
  return tl::unexpected(Refusal{status, failure.value()});
}

tl::unexpected<Refusal> too_many(std::string message, std::string hint, std::chrono::milliseconds wait) {
  auto failure = resource_exhausted(std::move(message), std::move(hint));
  failure.value().retry_after = wait;
  return refuse(429, failure);
}

tl::unexpected<Refusal> too_many_failures(std::chrono::milliseconds wait) {
  return too_many("too many wrong keys and tickets from this address", "wait as long as Retry-After says", wait);
}

std::string bearer_of(const net::RequestHead& head) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view field = head.headers.find("Authorization").value_or("");
  if (field.size() <= kScheme.size() || !net::equals_ignore_case(field.substr(0, kScheme.size()), kScheme)) return {};
  const auto begin = field.find_first_not_of(' ', kScheme.size());
  return begin == std::string_view::npos ? "" : std::string(field.substr(begin));
}

// No browser adds these by itself, and no page can send them to a foreign site without that being asked.
bool is_explicit(const net::RequestHead& head, const Caller& caller) {
  return caller.has_ticket() || !bearer_of(head).empty();
}

// What a ticket does not let its bearer do.
tl::expected<void, Refusal> check_rights(const Caller& caller, const RouteRules& rules, const std::string& session_id) {
  if (!caller.has_ticket()) return {};
  if (caller.apps_only && !rules.is_app) {
    return refuse(401, unauthenticated("the ticket is for apps in the sandbox only", kHowToGetTicket));
  }
  if (rules.needs == Needs::key) {
    return refuse(403, permission_denied("a ticket is for one session's own calls only", "use an API key"));
  }
  if (caller.session_id != session_id) {
    return refuse(401, unauthenticated("the ticket is for another session", kHowToGetTicket));
  }
  if (rules.needs == Needs::control && !caller.may_change()) {
    return refuse(403, permission_denied("this ticket lets its bearer watch, not change anything",
                                         "ask for one with the role control, or use an API key"));
  }
  return {};
}

}  // namespace

Access::Access(const AccessOptions& options, Clock& clock, Logger& logger)
    : secret_(options.ticket_secret.empty() ? new_secret() : options.ticket_secret),
      cluster_secret_(options.cluster_secret),
      clock_(clock),
      logger_(logger),
      changes_(options.requests_per_minute, clock),
      new_sessions_(options.sessions_per_minute, clock),
      failures_(options.auth_failures_per_minute, clock),
      reports_(kReportsPerMinute, clock),
      welcome_(kMaxWelcome) {}

Result<std::unique_ptr<Access>> Access::make(const AccessOptions& options, Clock& clock, Logger& logger) {
  std::unique_ptr<Access> access(new Access(options, clock, logger));
  auto trusted = parse_networks(options.trusted_proxies);
  if (!trusted) return fail(trusted.error());
  access->trusted_ = std::move(*trusted);
  if (options.api_keys.empty()) return access;
  auto keys = ApiKeys::make(options.api_keys, clock, logger);
  if (!keys) return fail(keys.error());
  access->keys_ = std::move(*keys);
  return access;
}

tl::expected<Caller, Refusal> Access::admit(const net::RequestHead& head, const RouteRules& rules,
                                            const std::string& session_id, const Door& door) {
  if (auto relayed = relayed_caller(head, cluster_secret_)) {
    if (relayed->relayed_for != session_id || relayed->relayed_to_app != rules.is_app) {
      return refuse(403, permission_denied("the request was handed on for something else",
                                           "give all processes the same settings (OTTOBOT_PREVIEW_DOMAIN)"));
    }
    if (auto ok = check_rights(*relayed, rules, session_id); !ok) return tl::unexpected(std::move(ok.error()));
    return std::move(*relayed);
  }
  if (rules.needs == Needs::nothing) {
    Caller anybody;
    anybody.address = client_address(head);
    return anybody;
  }
  if (is_open() && door.is_for_this_machine) {
    if (auto ok = door.guard.check_host(head); !ok) return refuse(403, fail(ok.error()));
  }
  auto caller = identify(head);
  if (!caller) return caller;
  const bool harmless = rules.needs != Needs::control && !rules.changes && !is_websocket(head);
  if (is_open() && !harmless && !rules.is_app && !is_explicit(head, *caller)) {
    if (auto ok = door.guard.check_origin(head); !ok) return refuse(403, fail(ok.error()));
  }
  if (auto ok = check_rights(*caller, rules, session_id); !ok) return tl::unexpected(std::move(ok.error()));
  if (rules.changes) {
    if (auto ok = count_change(*caller); !ok) return tl::unexpected(std::move(ok.error()));
  }
  return caller;
}

tl::expected<Caller, Refusal> Access::identify(const net::RequestHead& head) {
  Caller caller;
  caller.address = client_address(head);
  const std::string bearer = bearer_of(head);
  if (!is_open() && !bearer.empty()) {
    if (auto user = keys_->user_of(bearer)) {
      caller.user = std::move(*user);
      return welcome(std::move(caller));
    }
  }
  const auto in_query = head.query_param("ticket");
  if (bearer.empty() && !in_query) {
    if (is_open()) return caller;
    return refuse(401, unauthenticated("this needs an API key or a ticket", kHowToAuthenticate));
  }
  const bool takes_query = in_query && (bearer.empty() || is_open());
  const auto ticket = verify_ticket(takes_query ? *in_query : bearer, secret_, clock_.now_ms());
  if (ticket && (is_open() || keys_->knows(ticket->user))) return with_ticket(std::move(caller), *ticket);
  if (is_open() && !in_query) return caller;  // a key, for which nobody asks
  const bool is_expired = !ticket && ticket.error() == TicketProblem::expired;
  if (is_expired) return refuse(401, unauthenticated("the ticket has expired", kHowToGetTicket));
  return refuse_wrong(takes_query ? unauthenticated("the ticket is not valid", kHowToGetTicket)
                                  : unauthenticated("the API key is not valid", kHowToAuthenticate),
                      caller);
}

// Who was here before is let in while guesses are refused: others at the same address must not shut them out.
tl::expected<Caller, Refusal> Access::welcome(Caller caller) {
  const std::string name = caller.address + " " + caller.user;
  const auto wait = failures_.wait_of(caller.address);
  if (wait.count() > 0 && !welcome_.has(name)) return too_many_failures(wait);
  welcome_.add(name);
  return caller;
}

Caller Access::with_ticket(Caller caller, const Ticket& ticket) const {
  if (!is_open()) caller.user = ticket.user;
  caller.session_id = ticket.session_id;
  caller.desktop = ticket.role;
  caller.ticket_expires_at = ticket.expires_at;
  caller.apps_only = ticket.apps_only;
  return caller;
}

tl::unexpected<Refusal> Access::refuse_wrong(const Failure& failure, const Caller& caller) {
  const auto wait = failures_.take(caller.address);
  if (wait.count() > 0) return too_many_failures(wait);
  if (reports_.take("").count() == 0) {
    logger_.info(
        "audit",
        {{"action", "authentication_failed"}, {"client", caller.address}, {"reason", failure.value().message}});
  }
  return refuse(401, failure);
}

// Whoever handed a request on looks after that by itself.
bool Access::is_still_known(const Caller& caller) {
  return is_open() || caller.relayed || keys_->knows(caller.user);
}

std::string Access::counted_name(const Caller& caller) const {
  if (!is_open()) return "user " + caller.user;
  return is_loopback_host(caller.address) ? "" : "address " + caller.address;
}

tl::expected<void, Refusal> Access::count(RateLimit& limit, const Caller& caller, const char* message) {
  const std::string name = counted_name(caller);
  const auto wait = name.empty() ? std::chrono::milliseconds{} : limit.take(name);
  if (wait.count() > 0) return too_many(message, "wait as long as Retry-After says", wait);
  return {};
}

tl::expected<void, Refusal> Access::count_change(const Caller& caller) {
  return count(changes_, caller, "too many requests that change something");
}

tl::expected<void, Refusal> Access::count_new_session(const Caller& caller) {
  return count(new_sessions_, caller, "too many new sessions");
}

std::string Access::make_ticket(const Caller& caller, const std::string& session_id, DesktopRole role,
                                UnixMillis expires_at) const {
  if (!caller.may_change()) role = DesktopRole::view;
  if (caller.has_ticket()) expires_at = std::min(expires_at, caller.ticket_expires_at);
  return sign_ticket({caller.user, session_id, role, expires_at, caller.apps_only}, secret_);
}

std::string Access::make_app_ticket(Caller caller, const std::string& session_id, UnixMillis expires_at) const {
  caller.apps_only = true;
  return make_ticket(caller, session_id, caller.desktop, expires_at);
}

void Access::audit(std::string_view action, const Caller& caller, const std::string& session_id) const {
  Json fields{{"action", action}, {"user", caller.user}, {"client", caller.address}};
  if (!session_id.empty()) fields["session"] = session_id;
  if (caller.has_ticket()) fields["by"] = "ticket";
  logger_.info("audit", fields);
}

}  // namespace ottobot::api
