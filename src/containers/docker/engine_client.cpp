#include "containers/docker/engine_client.hpp"

#include <cerrno>
#include <climits>
#include <cstdlib>

namespace ottobot::containers {
namespace {

constexpr std::size_t kLargestAnswer = 64 << 20;
constexpr std::size_t kLongestFailure = 64 << 10;
constexpr std::chrono::milliseconds kConnectTime{5'000};

bool is_success(int status) { return (status >= 200 && status < 300) || status == 304; }

// Of {"message": "…"}; the text itself when it is something else.
std::string message_of(const std::string& body) {
  const auto json = parse_json(body);
  std::string message = json ? get_string(*json, "message", body) : body;
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  return to_valid_utf8(message);
}

bool says(const std::string& message, std::string_view words) { return message.find(words) != std::string::npos; }

class StreamSink final : public net::ResponseSink {
 public:
  explicit StreamSink(const std::function<Result<void>(std::string_view)>& on_bytes) : on_bytes_(on_bytes) {}

  Result<void> on_head(int status, const net::Headers&) override {
    status_ = status;
    return {};
  }
  Result<void> on_body(std::string_view bytes) override {
    if (is_success(status_)) return on_bytes_(bytes);
    if (failure_.size() < kLongestFailure) failure_.append(bytes);
    return {};
  }
  Result<void> outcome() const {
    if (is_success(status_)) return {};
    return fail(engine_error(status_, message_of(failure_)));
  }

 private:
  const std::function<Result<void>(std::string_view)>& on_bytes_;
  int status_ = 0;
  std::string failure_;
};

// Sockets are opened without following links, and /var/run is one.
Result<std::string> resolved(const std::string& path) {
  char buffer[PATH_MAX];
  if (::realpath(path.c_str(), buffer) != nullptr) return std::string(buffer);
  if (errno == ENOENT) return unavailable("there is no " + path);
  return errno_error("cannot resolve " + path, errno);
}

}  // namespace

Error engine_error(int status, const std::string& message) {
  const std::string text =
      "the container engine says: " + (message.empty() ? "HTTP " + std::to_string(status) : message);
  if (says(message, "no space left on device") || says(message, "disk quota exceeded")) {
    return resource_exhausted(text, "make room on the engine's disk: docker system df, docker system prune").value();
  }
  switch (status) {
    case 400:
      return invalid_argument(text).value();
    case 401:
    case 403:
      return permission_denied(text).value();
    case 404:
      return not_found(text).value();
    case 409:
      return conflict(text).value();
    default:
      return unavailable(text, "look at the engine's own log: journalctl -u docker").value();
  }
}

std::string query_encode(std::string_view text) {
  std::string encoded;
  for (const char c : net::percent_encode_path(text)) {
    if (c == '/') encoded += "%2F";
    if (c != '/') encoded += c;
  }
  return encoded;
}

Result<std::unique_ptr<EngineClient>> EngineClient::make(EngineAddress address,
                                                         std::chrono::milliseconds call_timeout) {
  net::HttpClientOptions options;
  options.ca_file = address.ca_file;
  options.client_cert = address.cert_file;
  options.client_key = address.key_file;
  auto http = net::make_http_client(options);
  if (!http) return fail(http.error());
  return std::unique_ptr<EngineClient>(new EngineClient(std::move(address), call_timeout, std::move(*http)));
}

Result<net::HttpRequest> EngineClient::http_request(const EngineRequest& request) const {
  net::HttpRequest http;
  if (address_.is_unix()) {
    auto path = resolved(address_.socket_path);
    if (!path) return fail(path.error());
    http = net::request_to({"unix:" + *path, {}, {}}, request.method, request.path);
  } else {
    http.method = request.method;
    http.url = address_.base_url + request.path;
  }
  http.connect_timeout = kConnectTime;
  http.idle_timeout = request.idle_timeout;
  http.body = request.body;
  if (!request.body.empty()) http.headers.set("Content-Type", request.content_type);
  return http;
}

Failure EngineClient::call_error(const EngineRequest& request, const Error& error, const CallContext& ctx) const {
  const auto more = ctx.check();
  // A stream, or a wait for a container's end, may take longer than the caller has.
  const bool is_patient = request.idle_timeout.count() > 0 || request.timeout > std::chrono::hours(1);
  if (!more && (is_patient || more.error().code == ErrorCode::cancelled)) return fail(more.error());
  if (!more || error.code == ErrorCode::deadline_exceeded) {
    Error silent = unavailable("the container engine at " + address_.shown + " does not answer " + request.method +
                                   " " + request.path.substr(0, request.path.find('?')),
                               "it hangs: see whether `docker ps` answers, and restart it: systemctl restart docker")
                       .value();
    if (!more) silent.code = more.error().code;
    return fail(std::move(silent));
  }
  if (error.code == ErrorCode::permission_denied) {
    return permission_denied("the container engine at " + address_.shown + " may not be used: " + error.message,
                             "run as root, or as a member of the group that its socket belongs to (docker)");
  }
  if (error.code != ErrorCode::unavailable) return fail(error);
  Error gone = unavailable("no container engine answers at " + address_.shown + ": " + error.message,
                           address_.is_unix() ? "start it: systemctl start docker; or set DOCKER_HOST" : error.hint)
                   .value();
  gone.details = error.details;
  return fail(std::move(gone));
}

Result<void> EngineClient::stream(const EngineRequest& request,
                                  const std::function<Result<void>(std::string_view)>& on_bytes,
                                  const CallContext& ctx) const {
  if (auto live = ctx.check(); !live) return live;
  auto http = http_request(request);
  if (!http) return call_error(request, http.error(), ctx);
  const auto limit = request.timeout.count() > 0 ? request.timeout : call_timeout_;
  StreamSink sink(on_bytes);
  auto done = http_->stream(*http, sink, request.idle_timeout.count() > 0 ? ctx : ctx.within(limit));
  if (!done) return call_error(request, done.error(), ctx);
  return sink.outcome();
}

Result<std::string> EngineClient::call(const EngineRequest& request, const CallContext& ctx) const {
  std::string body;
  auto done = stream(
      request,
      [&](std::string_view bytes) -> Result<void> {
        if (bytes.size() > kLargestAnswer - body.size()) return resource_exhausted("the engine's answer is too large");
        body.append(bytes);
        return {};
      },
      ctx);
  if (!done) return fail(done.error());
  return body;
}

Result<Json> EngineClient::call_json(const EngineRequest& request, const CallContext& ctx) const {
  auto body = call(request, ctx);
  if (!body) return fail(body.error());
  if (body->empty()) return Json(nullptr);
  auto json = parse_json(*body);
  if (!json) return internal_error("the container engine's answer is not JSON: " + json.error().message);
  return json;
}

}  // namespace ottobot::containers
