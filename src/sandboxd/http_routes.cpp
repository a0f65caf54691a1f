#include "sandboxd/http_routes.hpp"

#include <charconv>

#include "net/process/unix_socket.hpp"
#include "ottobot/ids.hpp"
#include "sandboxd/http_reply.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::chrono::milliseconds kDesktopTimeout{15000};
constexpr std::chrono::milliseconds kConnectTimeout{5000};

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

// Every caller has shown the token: the name that it knows us by proves nothing more.
mcp::HttpServerTransportOptions token_guarded() {
  mcp::HttpServerTransportOptions options;
  options.allowed_hosts = {"*"};
  return options;
}

}  // namespace

Routes::Routes(RouteOptions options, Toolset& toolset, Desktop& desktop)
    : options_(std::move(options)), toolset_(toolset), desktop_(desktop), mcp_(toolset.server(), token_guarded()) {}

bool Routes::is_authorized(const net::RequestHead& head) const {
  auto value = head.headers.find("Authorization");
  constexpr std::string_view kScheme = "Bearer ";
  if (!value || value->size() < kScheme.size() || !net::equals_ignore_case(value->substr(0, kScheme.size()), kScheme)) {
    return false;
  }
  return constant_time_equals(value->substr(kScheme.size()), options_.token);
}

void Routes::handle(net::Exchange& exchange) {
  const net::RequestHead& head = exchange.request();
  if (head.path == "/health") return health(exchange);
  if (!is_authorized(head)) {
    return exchange.respond(error_reply(unauthenticated("the sandbox's token is missing or wrong").value()));
  }
  try {
    route(exchange);
  } catch (const std::exception& exception) {
    // Out of memory and the like. Whatever was begun is cut off by the exchange's end.
    exchange.respond(error_reply(internal_error(exception.what()).value()));
  }
}

void Routes::route(net::Exchange& exchange) {
  std::string_view path = exchange.request().path;
  if (path == "/mcp") return mcp_.handle(exchange);
  if (starts_with(path, "/control/")) return handle_control(exchange, toolset_, path.substr(9));
  if (path == "/files" || starts_with(path, "/files/")) return handle_files(exchange, toolset_.workspace());
  if (path == "/archive") return handle_archive(exchange, toolset_.workspace());
  if (path == "/rfb") return rfb(exchange);
  if (starts_with(path, "/tcp/")) return handle_tcp(exchange, path.substr(5));
  exchange.respond(error_reply(not_found("no such route: " + std::string(path)).value()));
}

void Routes::health(net::Exchange& exchange) const {
  if (exchange.request().method != "GET" && exchange.request().method != "HEAD") {
    return exchange.respond(method_not_allowed("GET"));
  }
  Desktop::Status desktop = desktop_.status();
  Json body = {{"status", "healthy"},
               {"version", options_.version},
               {"boot_id", toolset_.boot_id()},
               {"desktop", desktop.state}};
  if (!desktop.message.empty()) body["desktop_message"] = desktop.message;
  exchange.respond(json_reply(200, body));
}

void Routes::rfb(net::Exchange& exchange) {
  if (!wants_upgrade(exchange, "rfb")) return;
  CallContext ctx = with_timeout(kDesktopTimeout).with_stop(exchange.client_gone());
  auto connection = desktop_.connect_rfb(ctx);
  if (!connection) return exchange.respond(error_reply(503, connection.error()));
  exchange.upgrade_and_bridge("rfb", {}, {std::move(*connection), {}});
}

void handle_tcp(net::Exchange& exchange, std::string_view port) {
  int number = 0;
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc{} || end != port.data() + port.size() || number < 1 || number > 65535) {
    return exchange.respond(error_reply(invalid_field("port", "must be a number from 1 to 65535").value()));
  }
  if (!wants_upgrade(exchange, "tcp")) return;
  CallContext ctx = with_timeout(kConnectTimeout).with_stop(exchange.client_gone());
  auto connection = net::connect_tcp("localhost", number, ctx);
  if (!connection) return exchange.respond(error_reply(503, connection.error()));
  exchange.upgrade_and_bridge("tcp", {}, {std::move(*connection), {}});
}

bool wants_upgrade(net::Exchange& exchange, std::string_view protocol) {
  const net::RequestHead& head = exchange.request();
  if (head.method == "GET" && head.headers.has_token("Upgrade", protocol)) return true;
  Error error;
  error.message = "this is a raw stream: ask for 'Upgrade: " + std::string(protocol) + "'";
  net::Response response = error_reply(426, error);
  response.headers.add("Upgrade", std::string(protocol));
  response.headers.add("Connection", "Upgrade");
  exchange.respond(std::move(response));
  return false;
}

}  // namespace ottobot::sandboxd
