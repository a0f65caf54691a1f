#include "api/vnc_gateway.hpp"

#include "api/page_links.hpp"
#include "api/refused_socket.hpp"
#include "api/vnc_pages.hpp"
#include "api/vnc_socket.hpp"
#include "api/worker_relay.hpp"

namespace ottobot::api {
namespace {

constexpr const char* kPage = "vnc.html";

Result<void> redirect(Request& request, const std::string& location) {
  net::Response response;
  response.status = 302;
  response.headers = {{"Location", location}, {"Cache-Control", "no-store"}};
  request.exchange().respond(std::move(response));
  return {};
}

Result<void> serve_websocket(Context& context, Request& request) {
  auto slot = context.user_sockets.enter(request);
  if (!slot) return {};
  VncSocket::accept(context.shared_from_this(), request.exchange(), request.session_id(), request.caller(),
                    std::move(*slot));
  return {};
}

RouteRules websocket_rules() {
  RouteRules rules = rules::kRead;
  rules.refuse = [](Request& request, const Refusal& refusal) {
    refuse_socket(request, refusal, VncSocket::websocket_options(), nullptr);
  };
  return rules;
}

// The page's parameters, behind whatever prefix PUBLIC_URL has.
std::string page_query(const Context& context, const Request& request, const SessionRow& row) {
  const std::string url =
      links_for(context, request.head()).vnc_url(row.id, 0, page_ticket(context, request.caller(), row));
  return url.substr(url.find('?') + 1);
}

Result<void> lead_to_page(Context& context, Request& request) {
  const auto row = find_session(context, request);
  if (!row) return fail(row.error());
  const std::string folder = request.head().path.ends_with('/') ? "" : "vnc/";
  return redirect(request, folder + kPage + "?" + page_query(context, request, *row));
}

Result<void> serve_gateway_page(Context& context, Request& request) {
  const std::string& path = request.param("path");
  // The page's many parts are the same for all. Where everybody may know what there is, its entrance looks the session
  // up; elsewhere its WebSocket does.
  if (path == kPage && context.access->is_open()) {
    if (auto row = find_session(context, request); !row) return fail(row.error());
  }
  return serve_vnc_page(request, path);
}

Result<void> lead_to_own_page(Context& context, Request& request) {
  const auto row = find_session(context, request);
  if (!row) return fail(row.error());
  const std::string ticket = page_ticket(context, request.caller(), *row);
  return redirect(request, std::string("/") + kPage + "?" + vnc_page_query("websockify", ticket));
}

}  // namespace

void add_vnc_routes(Router& router, Context& context) {
  router.add("GET", "session/:id/vnc", rules::kRead,
             [&context](Request& request) { return lead_to_page(context, request); });
  router.add("GET", "session/:id/vnc/websockify", websocket_rules(),
             at_worker(context, [&context](Request& request) { return serve_websocket(context, request); }));
  router.add("GET", "session/:id/vnc/*path", rules::kOpen,
             [&context](Request& request) { return serve_gateway_page(context, request); });
}

void add_own_port_vnc_routes(Router& router, Context& context) {
  router.add("GET", "", rules::kRead, [&context](Request& request) { return lead_to_own_page(context, request); });
  router.add("GET", "websockify", websocket_rules(),
             [&context](Request& request) { return serve_websocket(context, request); });
  router.add("GET", "*path", rules::kOpen,
             [](Request& request) { return serve_vnc_page(request, request.param("path")); });
}

}  // namespace ottobot::api
