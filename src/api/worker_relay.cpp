#include "api/worker_relay.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "api/base64url.hpp"
#include "api/bridged_socket.hpp"
#include "api/errors.hpp"
#include "api/host_guard.hpp"
#include "api/input.hpp"
#include "api/tickets.hpp"
#include "api/upload.hpp"
#include "net/client/stream_request.hpp"
#include "net/process/connect_host.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::api {
namespace {

constexpr const char* kCredentials = "Proxy-Authorization";
constexpr const char* kCaller = "X-Ottobot-Caller";
constexpr std::string_view kScheme = "Bearer ";
constexpr std::chrono::milliseconds kConnectTimeout{2000};
constexpr std::chrono::milliseconds kWholeTimeout{std::chrono::hours(2)}, kIdleTimeout{std::chrono::minutes(6)};

std::string caller_text(const Request& request, const RelayKind& kind) {
  const Caller& caller = request.caller();
  return encode_base64url(dump_json({{"user", caller.user},
                                     {"session", caller.session_id},
                                     {"desktop", to_string(caller.desktop)},
                                     {"ticket_expires_at", caller.ticket_expires_at},
                                     {"apps_only", caller.apps_only},
                                     {"address", caller.address},
                                     {"about", request.session_id()},
                                     {"to_app", kind.to_app}}));
}

// What ends with this connection, and what stands for the caller, who is named in another way.
bool stays_here(std::string_view name, const net::Headers& headers) {
  constexpr std::array<std::string_view, 12> kOurs{"Connection", "Keep-Alive", "Proxy-Connection", kCredentials,
                                                   "TE",         "Trailer",    "Transfer-Encoding", "Upgrade",
                                                   "Expect",     "Content-Length", "Authorization", kCaller};
  return headers.has_token("Connection", name) || std::any_of(kOurs.begin(), kOurs.end(), [&](std::string_view ours) {
           return net::equals_ignore_case(ours, name);
         });
}

// The worker's answer, as it is.
class AnswerSink final : public net::ResponseSink {
 public:
  explicit AnswerSink(Request& request) : request_(request) {}

  Result<void> on_head(int status, const net::Headers& headers) override {
    if (status == 101) {
      switched_ = websocket_fields(headers);
      return {};
    }
    net::Headers passed;
    for (const auto& [name, value] : headers) {
      const bool is_length = net::equals_ignore_case(name, "Content-Length");
      if (is_length || net::equals_ignore_case(name, "Date") || !stays_here(name, headers)) passed.add(name, value);
    }
    started_ = true;
    return request_.exchange().start(status, std::move(passed));
  }
  Result<void> on_body(std::string_view bytes) override { return request_.exchange().write(bytes); }

  bool started() const { return started_; }
  const net::Headers& switched() const { return switched_; }

 private:
  Request& request_;
  bool started_ = false;
  net::Headers switched_;
};

net::HttpRequest relayed_request(const Context& context, const Request& request, const RelayKind& kind) {
  const net::RequestHead& head = request.head();
  net::HttpRequest upstream;
  upstream.method = head.method;
  upstream.url = head.target;
  for (const auto& [name, value] : head.headers) {
    const bool is_apps = kind.keeps_authorization && net::equals_ignore_case(name, "Authorization");
    if (is_apps || !stays_here(name, head.headers)) upstream.headers.add(name, value);
  }
  upstream.idle_timeout = kIdleTimeout;
  if (head.over_tls && !head.headers.find("X-Forwarded-Proto")) upstream.headers.add("X-Forwarded-Proto", "https");
  upstream.headers.add(kCredentials, std::string(kScheme) + context.options.access.cluster_secret);
  upstream.headers.add(kCaller, caller_text(request, kind));
  if (is_websocket(head)) {
    upstream.headers.add("Connection", "Upgrade");
    upstream.headers.add("Upgrade", "websocket");
  } else {
    upstream.headers.add("Connection", "close");
  }
  return upstream;
}

// "http://10.0.0.5:3001", with brackets around IPv6.
Result<net::RawStream> connect_worker(Context& context, const std::string& url, const CallContext& ctx) {
  const std::string_view authority = authority_of(url), name = host_of(authority);
  int port = 80;
  if (authority.size() > name.size()) {
    std::from_chars(authority.data() + name.size() + 1, authority.data() + authority.size(), port);
  }
  const std::string host(name.starts_with('[') ? name.substr(1, name.size() - 2) : name);
  auto fd = net::connect_host(host, port, ctx.within(kConnectTimeout));
  if (fd) return net::RawStream{std::move(*fd), {}};
  context.deps.logger.warn("a worker cannot be reached: is its OTTOBOT_ADVERTISE_URL right?",
                           {{"url", url}, {"error", fd.error().message}});
  return unavailable("the session's worker cannot be reached", "another one takes over; try again in a moment");
}

Result<void> relay(Context& context, Request& request, const std::string& url, const RelayKind& kind) {
  const CallContext ctx = with_timeout(kWholeTimeout).with_stop(request.exchange().client_gone());
  net::HttpRequest upstream = relayed_request(context, request, kind);
  std::optional<Upload> body;
  const auto& headers = request.head().headers;
  if (headers.find("Content-Length") || headers.find("Transfer-Encoding")) {
    const bool may_be_large = kind.to_app || request.head().method == "PUT";
    auto received = Upload::receive(request, may_be_large ? kMaxUploadBytes : kMaxBodyBytes);
    if (!received) return fail(received.error());
    if (!*received) return {};
    body = std::move(*received);
    upstream.headers.add("Content-Length", std::to_string(body->size_bytes()));
    upstream.body_source = body->source();
  }
  auto stream = connect_worker(context, url, ctx);
  if (!stream) return fail(stream.error());
  AnswerSink sink(request);
  auto done = net::request_over(std::move(*stream), upstream, sink, ctx);
  if (sink.started()) {
    // Left unfinished, the exchange breaks the connection: half a body must not pass for a whole one.
    if (done || request.is_head()) request.exchange().finish();
    return {};
  }
  if (!done) return unavailable("the session's worker: " + done.error().message, "try again in a moment");
  if (!*done) return unavailable("the session's worker gave no answer", "try again in a moment");
  return bridge_websocket(context, request, std::move(**done), sink.switched());
}

}  // namespace

std::optional<Caller> relayed_caller(const net::RequestHead& head, const std::string& secret) {
  const std::string_view credentials = head.headers.find(kCredentials).value_or("");
  if (secret.empty() || !credentials.starts_with(kScheme)) return std::nullopt;
  if (!constant_time_equals(credentials.substr(kScheme.size()), secret)) return std::nullopt;
  const auto text = decode_base64url(head.headers.find(kCaller).value_or(""));
  const auto json = text ? parse_json(*text) : Result<Json>(invalid_argument("no caller"));
  if (!json) return std::nullopt;
  Caller caller;
  caller.user = get_string(*json, "user");
  caller.session_id = get_string(*json, "session");
  caller.desktop = parse_role(get_string(*json, "desktop")).value_or(DesktopRole::view);
  caller.ticket_expires_at = get_int(*json, "ticket_expires_at");
  caller.apps_only = get_bool(*json, "apps_only");
  caller.address = get_string(*json, "address");
  caller.relayed = true;
  caller.relayed_for = get_string(*json, "about");
  caller.relayed_to_app = get_bool(*json, "to_app");
  return caller;
}

Result<bool> relay_to_worker(Context& context, Request& request, RelayKind kind) {
  if (!context.deps.worker_url || request.caller().relayed) return false;
  const auto row = find_session(context, request);
  if (!row) return fail(row.error());
  const auto url = context.deps.worker_url(*row, context.store_call());
  if (!url) return fail(url.error());
  if (url->empty()) return false;
  if (auto relayed = relay(context, request, *url, kind); !relayed) return fail(relayed.error());
  return true;
}

RouteHandler at_worker(Context& context, RouteHandler handler) {
  return [&context, handler = std::move(handler)](Request& request) -> Result<void> {
    auto answered = relay_to_worker(context, request);
    if (!answered) return fail(answered.error());
    return *answered ? Result<void>{} : handler(request);
  };
}

}  // namespace ottobot::api
