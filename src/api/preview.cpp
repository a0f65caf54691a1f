#include "api/preview.hpp"

#include "api/errors.hpp"
#include "api/host_guard.hpp"
#include "api/page_links.hpp"
#include "api/sandbox_proxy.hpp"
#include "api/worker_relay.hpp"

namespace ottobot::api {
namespace {

constexpr const char* kPattern = "session/:id/preview/:port/*path";
constexpr std::array<const char*, 6> kMethods{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

// Whatever it is, it may change things in the sandbox: to use an app is to control it.
const RouteRules kRules{Needs::control, false, true, {}};

// Somebody opens the app in a window of a browser. Over plain http, except on this machine, browsers do not say so.
bool is_opened(const net::RequestHead& head) {
  if (head.method != "GET") return false;
  const auto mode = head.headers.find("Sec-Fetch-Mode");
  if (!mode) return head.headers.find("Accept").value_or("").find("text/html") != std::string_view::npos;
  return mode == "navigate" && head.headers.find("Sec-Fetch-Dest") == "document";
}

bool is_preflight(const net::RequestHead& head) {
  return head.method == "OPTIONS" && head.headers.find("Access-Control-Request-Method").has_value();
}

net::Response redirection(std::string location) {
  net::Response response;
  response.status = 302;
  response.headers = {
      {"Location", std::move(location)}, {"Cache-Control", "no-store"}, {"Referrer-Policy", "no-referrer"}};
  return response;
}

// Pages at a path have no origin: nothing of them is from where they are.
net::Response allow_preflight(const net::RequestHead& head) {
  net::Response response;
  response.status = 204;
  response.headers = {
      {"Access-Control-Allow-Origin", "*"},
      {"Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"},
      {"Access-Control-Allow-Headers", std::string(head.headers.find("Access-Control-Request-Headers").value_or("*"))},
      {"Access-Control-Max-Age", "600"}};
  return response;
}

Failure no_sandbox(const SessionRow& row, const Error& error) {
  if (error.code != ErrorCode::not_found) return fail(error);
  if (row.status == SessionStatus::terminated || row.status == SessionStatus::terminating) {
    return conflict("the session has ended, and its apps with it", "a new message brings an expired session back");
  }
  return unavailable("the session's sandbox is not up", "wait for it: phase " + row.phase);
}

// A page that tries again by itself, for who opened the app too early.
net::Response waiting_page(const Error& error) {
  net::Response response = error_response(error);
  response.headers.set("Content-Type", "text/html; charset=utf-8");
  response.headers.set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
  response.headers.set("Cache-Control", "no-store");
  response.body =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"2\">"
      "<title>Waiting for the app</title><body style=\"font:16px system-ui;max-width:40rem;margin:20vh auto;"
      "padding:0 1rem;color-scheme:light dark\"><h1 style=\"font-size:1.3rem\">Waiting for the app</h1><p>" +
      error.message + ".</p><p>" + error.hint + ". This page looks again every two seconds.</p>";
  return response;
}

}  // namespace

std::vector<RouteName> Preview::routes() const {
  std::vector<RouteName> names;
  for (const char* method : kMethods) names.push_back({method, std::string("/") + kPattern});
  return names;
}

void Preview::serve(net::Exchange& exchange, PreviewTarget target) {
  report_answer(exchange, context_.deps.on_answered, [&](net::Exchange& watched) -> std::string_view {
    net::RequestHead asking = watched.request();
    if (target.own_host) asking.headers.set("Host", kLocalDomain);  // the name is ours: it was understood
    asking.query = target.ticket.empty() ? "" : "ticket=" + net::percent_encode_path(target.ticket);
    if (target.own_host || !target.ticket.empty()) asking.headers.set("Authorization", "");
    Request request(watched, {}, target.session_id);
    auto caller = admit_(asking, kRules, target.session_id);
    if (!caller) {
      watched.respond(error_response(caller.error().status, caller.error().error));
      return kPattern;
    }
    request.set_caller(std::move(*caller));
    if (auto done = serve_admitted(request, target); !done) {
      const bool waits = is_opened(watched.request()) && done.error().code == ErrorCode::unavailable;
      watched.respond(waits ? waiting_page(done.error()) : error_response(done.error()));
    }
    return kPattern;
  });
}

Result<void> Preview::serve_admitted(Request& request, PreviewTarget& target) {
  const net::RequestHead& head = request.head();
  const auto row = find_session(context_, request);
  if (!row) return fail(row.error());
  if (target.port == 0) return invalid_field("port", "must be a number from 1 to 65535");
  if (auto ok = check_page(head, target); !ok) return ok;
  if (!target.own_host) {
    // As browsers see it, behind a proxy that takes something off.
    const std::string base = links_for(context_, head).base();
    const std::size_t path = base.find('/', base.find("://") + 3);
    if (path != std::string::npos) target.prefix.insert(0, base.substr(path));
  }
  if (redirect(request, target, *row)) return {};
  if (!target.own_host && is_preflight(head)) {
    request.exchange().respond(allow_preflight(head));
    return {};
  }
  const auto slot = context_.app_requests.enter(request, request.session_id());
  if (!slot) return {};
  const auto relayed = relay_to_worker(context_, request, {true, target.own_host || context_.access->is_open()});
  if (!relayed || *relayed) return relayed ? Result<void>{} : fail(relayed.error());
  const auto sandbox = find_sandbox(context_, *row);
  if (!sandbox) return no_sandbox(*row, sandbox.error());
  return apps_.ask(request, *sandbox, target);
}

// Whoever knows a session's id may open its apps, but pages of other origins may not use them; nor may our own page run
// what an app says as its own.
Result<void> Preview::check_page(const net::RequestHead& head, const PreviewTarget& target) const {
  const auto site = head.headers.find("Sec-Fetch-Site"), kind = head.headers.find("Sec-Fetch-Dest");
  const bool navigates = head.headers.find("Sec-Fetch-Mode") == "navigate";
  const auto origin = head.headers.find("Origin");
  const auto foreign = [] {
    return permission_denied("pages of this origin may not use the app", "open the app in a tab of its own");
  };
  if (!target.own_host) {
    if (site == "same-origin" && kind && kind != "document" && kind != "empty") return foreign();
    return !origin || origin == "null" ? Result<void>{} : context_.guard.check_origin(head);
  }
  if (site == "same-origin") return {};
  if (!origin) return navigates || !site || site == "none" ? Result<void>{} : foreign();
  return context_.guard.check_origin(head);
}

// True when the browser was sent elsewhere.
bool Preview::redirect(Request& request, const PreviewTarget& target, const SessionRow& row) const {
  const net::RequestHead& head = request.head();
  if (target.path.empty()) {
    request.exchange().respond(redirection(path_and_query(target.prefix + "/", head.query)));
    return true;
  }
  const bool opened = is_opened(head);
  if (target.own_host && target.ticket_in_query && head.method == "GET") {
    net::Response response = redirection(path_and_query(target.path, target.query));
    const bool secure = base_url(head).starts_with("https:");
    response.headers.add("Set-Cookie", std::string(secure ? kSecurePreviewTicket : kPreviewTicket) + "=" +
                                           target.ticket + "; Path=/; HttpOnly; SameSite=Lax" +
                                           (secure ? "; Secure" : ""));
    request.exchange().respond(std::move(response));
    return true;
  }
  if (target.own_host || !opened) return false;
  if (const std::string url = own_host_url(head, target); !url.empty()) {
    const std::string ticket = app_ticket(context_, request.caller(), row);
    const std::string query = ticket.empty() ? target.query : with_param(kPreviewTicket, ticket, target.query);
    request.exchange().respond(redirection(url + path_and_query(target.path, query)));
    return true;
  }
  if (!target.ticket_in_query) return false;
  const std::string ticket = app_ticket(context_, request.caller(), row);
  request.exchange().respond(redirection(path_and_query(target.prefix + "/~" + ticket + target.path, target.query)));
  return true;
}

// As the browser sees the server: "https://ottobot.example.com".
std::string Preview::base_url(const net::RequestHead& head) const {
  std::string base = context_.options.public_url;
  if (base.empty()) base = context_.access->forwarded_base(head);
  if (!base.empty()) return base;
  return (head.over_tls ? "https://" : "http://") + std::string(head.headers.find("Host").value_or(""));
}

// "http://5173-4a6b….localhost:3000"; empty when the browser can reach no such name.
std::string Preview::own_host_url(const net::RequestHead& head, const PreviewTarget& target) const {
  const std::string& domain = context_.options.preview_domain;
  if (domain.empty()) return {};
  const std::string base = base_url(head);
  const std::string_view authority = authority_of(base), name = host_of(authority);
  const std::string_view port = authority.substr(name.size());  // with its colon
  const bool local = is_loopback_host(name);
  if (!local && domain == kLocalDomain) return {};
  return base.substr(0, base.find("://") + 3) +
         preview_host(target.session_id, target.port, local ? kLocalDomain : domain) + std::string(port);
}

}  // namespace ottobot::api
