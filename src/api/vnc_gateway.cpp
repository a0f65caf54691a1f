#include "api/vnc_gateway.hpp"

#include "api/links.hpp"
#include "api/origin.hpp"
#include "api/vnc_pages.hpp"
#include "api/vnc_socket.hpp"

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

Result<void> serve_websocket(Context& context, Request& request, const std::string& session_id) {
  VncSocket::accept(context.shared_from_this(), request.exchange(), session_id, request.caller().desktop);
  return {};
}

// The path of a gateway's WebSocket as the browser sees it, behind whatever prefix PUBLIC_URL has.
std::string websocket_path(const Context& context, const Request& request, const std::string& session_id) {
  const Links links({context.options.public_url, context.options.host, context.port}, request.head());
  const std::string url = links.vnc_url(session_id, 0);
  return url.substr(url.find("&path=") + 6);
}

Result<void> serve_gateway(Context& context, Request& request) {
  const std::string& id = request.param("id");
  const std::string& path = request.param("path");
  if (path == "websockify") return serve_websocket(context, request, id);
  // The page's many parts are the same for all; only its entrance looks the session up.
  if (!path.empty() && path != kPage) return serve_vnc_page(request, path);
  if (auto row = find_session(context, id); !row) return fail(row.error());
  if (path == kPage) return serve_vnc_page(request, path);
  const std::string folder = request.head().path.ends_with('/') ? "" : "vnc/";
  return redirect(request, folder + kPage + "?" + vnc_page_query(websocket_path(context, request, id)));
}

}  // namespace

void add_vnc_routes(Router& router, Context& context) {
  router.add("GET", "session/:id/vnc/*path", [&context](Request& request) { return serve_gateway(context, request); });
}

void add_own_port_vnc_routes(Router& router, Context& context, const std::string& session_id) {
  router.add("GET", "websockify", [&context, session_id](Request& request) -> Result<void> {
    if (auto ok = check_loopback_origin(request.head()); !ok) return ok;
    return serve_websocket(context, request, session_id);
  });
  router.add("GET", "*path", [](Request& request) {
    const std::string& path = request.param("path");
    if (path.empty()) return redirect(request, std::string("/") + kPage + "?" + vnc_page_query("websockify"));
    return serve_vnc_page(request, path);
  });
}

}  // namespace ottobot::api
