#include "mcp/transports/http_client_transport.hpp"

#include <map>
#include <mutex>

#include "mcp/any_stop.hpp"
#include "mcp/http_binding.hpp"
#include "mcp/modern_era.hpp"
#include "mcp/param_headers.hpp"
#include "mcp/transports/http_answer.hpp"
#include "ottobot/clock.hpp"

namespace ottobot::mcp {

namespace {

constexpr std::chrono::milliseconds kCloseTimeout{1000};
constexpr std::chrono::milliseconds kDefaultRetry{1000};
constexpr int kMaxResumptions = 100;

bool is_unix(const Endpoint& endpoint) { return endpoint.url.starts_with("unix:"); }

class HttpClientTransport final : public McpTransport {
 public:
  HttpClientTransport(HttpTransportOptions options, net::HttpClient& client, std::unique_ptr<net::HttpClient> owned)
      : options_(std::move(options)), owned_(std::move(owned)), client_(client) {}
  ~HttpClientTransport() override { close(); }

  Result<Json> request(const Json& message, McpMessageSink& sink, const CallContext& ctx) override {
    const auto incoming = parse_message(message);
    if (!incoming || incoming->kind != Incoming::Kind::request) {
      return invalid_argument("request() was given a message that is no request");
    }
    if (closing_.stop_requested()) return unavailable("the MCP transport is closed");
    const AnyStop stop(ctx.stop, closing_.get_token());
    auto response = exchange(message, *incoming, sink, ctx.with_stop(stop.token()));
    if (!response && closing_.stop_requested()) return cancelled("the MCP transport was closed");
    return response;
  }

  Result<void> send(const Json& message, const CallContext& ctx) override {
    const auto incoming = parse_message(message);
    if (!incoming) return invalid_argument(incoming.error().message);
    if (closing_.stop_requested()) return unavailable("the MCP transport is closed");
    const AnyStop stop(ctx.stop, closing_.get_token());
    auto response = client_.fetch(post(message, *incoming), ctx.with_stop(stop.token()));
    if (!response) return fail(response.error());
    if (response->status < 200 || response->status > 299) return http_status_error(response->status);
    return {};
  }

  void set_protocol_version(const std::string& version) override {
    std::lock_guard lock(mutex_);
    version_ = version;
  }

  void close() override {
    closing_.request_stop();
    net::HttpRequest request = make("DELETE");
    {
      std::lock_guard lock(mutex_);
      if (session_id_.empty()) return;
      add_session(request.headers);
      session_id_.clear();
    }
    // If the server does not hear of it, the session ends by its own time-out.
    (void)client_.fetch(request, with_timeout(kCloseTimeout));
  }

 private:
  Result<Json> exchange(const Json& message, const Incoming& incoming, McpMessageSink& sink, const CallContext& ctx) {
    HttpAnswer answer(*incoming.id, sink);
    const bool in_session = has_session() && incoming.method != "initialize";
    auto outcome = client_.stream(post(message, incoming), answer, ctx);
    if (!answer.response() && !answer.last_event_id().empty() && !modern::speaks(incoming)) {
      outcome = resume(answer, ctx);
    }
    if (incoming.method == "initialize" && !answer.session_id().empty()) set_session(answer.session_id());
    if (answer.response()) {
      learn_params(incoming, *answer.response());
      return std::move(*answer.response());
    }
    if (!outcome) return fail(outcome.error());
    if (in_session && answer.status() == 404) {
      set_session({});
      return not_found("the MCP session has ended");
    }
    auto response = answer.conclude();
    if (response) learn_params(incoming, *response);
    return response;
  }

  // Remembers which arguments the listed tools want as headers, and takes out the tools that ask for what may not be.
  void learn_params(const Incoming& request, Json& response) {
    if (request.method != "tools/list" || !modern::speaks(request) || !response.is_object()) return;
    const Json* result = find_member(response, "result");
    const Json* tools = result ? find_member(*result, "tools") : nullptr;
    if (!tools || !tools->is_array()) return;
    std::lock_guard lock(mutex_);
    Json usable = Json::array();
    for (const Json& tool : *tools) {
      const Json* schema = find_member(tool, "inputSchema");
      auto annotated = schema ? find_param_headers(*schema) : std::vector<ParamHeader>();
      if (!annotated) continue;
      params_.erase(get_string(tool, "name"));
      if (!annotated->empty()) params_.emplace(get_string(tool, "name"), std::move(*annotated));
      usable.push_back(tool);
    }
    if (usable.size() != tools->size()) response["result"]["tools"] = std::move(usable);
  }

  // Needs mutex_.
  void add_params(net::Headers& headers, const Incoming& call) const {
    const auto found = params_.find(get_string(*call.params, "name"));
    const Json* args = find_member(*call.params, "arguments");
    if (found == params_.end() || !args) return;
    for (auto& [name, value] : encode_param_headers(found->second, *args)) headers.add(name, value);
  }

  // A stream that broke behind an event id goes on at GET from there (legacy era, "Resumability and Redelivery").
  Result<void> resume(HttpAnswer& answer, const CallContext& ctx) {
    for (int attempt = 0; attempt < kMaxResumptions; ++attempt) {
      auto slept = system_clock().sleep_for(answer.retry().value_or(kDefaultRetry), ctx);
      if (!slept) return slept;
      net::HttpRequest request = make("GET");
      request.headers.add("Accept", "text/event-stream");
      request.headers.add("Last-Event-ID", answer.last_event_id());
      {
        std::lock_guard lock(mutex_);
        add_session(request.headers);
      }
      auto outcome = client_.stream(request, answer, ctx);
      if (answer.response()) return {};
      if (!outcome && outcome.error().code != ErrorCode::unavailable) return outcome;
      if (outcome && answer.status() != 200) break;
    }
    return unavailable("the MCP server closed the stream before its response");
  }

  net::HttpRequest make(std::string method) const {
    const Endpoint& endpoint = options_.endpoint;
    if (is_unix(endpoint)) return net::request_to(endpoint, std::move(method), options_.path);
    // By its own URL: servers check Host, and TLS the name.
    net::HttpRequest request;
    request.method = std::move(method);
    request.url = endpoint.url + options_.path;
    if (!endpoint.token.empty()) request.headers.set("Authorization", "Bearer " + endpoint.token);
    return request;
  }

  net::HttpRequest post(const Json& message, const Incoming& incoming) {
    net::HttpRequest request = make("POST");
    request.body = dump_json(message);
    request.headers.add("Content-Type", "application/json");
    request.headers.add("Accept", "application/json, text/event-stream");
    if (modern::speaks(incoming)) {
      for (auto& [name, value] : http_binding::modern_headers(incoming)) request.headers.add(name, value);
      std::lock_guard lock(mutex_);
      if (incoming.method == "tools/call") add_params(request.headers, incoming);
    } else if (incoming.method != "initialize") {
      std::lock_guard lock(mutex_);
      add_session(request.headers);
    }
    return request;
  }

  // Needs mutex_.
  void add_session(net::Headers& headers) const {
    if (!version_.empty()) headers.add(http_binding::kProtocolVersion, version_);
    if (!session_id_.empty()) headers.add(http_binding::kSessionId, session_id_);
  }

  bool has_session() const {
    std::lock_guard lock(mutex_);
    return !session_id_.empty();
  }

  void set_session(const std::string& id) {
    std::lock_guard lock(mutex_);
    session_id_ = id;
  }

  HttpTransportOptions options_;
  std::unique_ptr<net::HttpClient> owned_;  // null when client_ is borrowed
  net::HttpClient& client_;
  std::stop_source closing_;
  mutable std::mutex mutex_;                                // guards version_, session_id_ and params_
  std::map<std::string, std::vector<ParamHeader>> params_;  // of the tools that were listed
  std::string version_;
  std::string session_id_;
};

Result<void> check_options(const HttpTransportOptions& options) {
  const std::string& url = options.endpoint.url;
  if (!is_unix(options.endpoint) && !url.starts_with("http://") && !url.starts_with("https://")) {
    return invalid_argument("not an endpoint: \"" + url + "\"", "use http://HOST:PORT, https://HOST:PORT or unix:PATH");
  }
  if (!options.path.starts_with('/')) return invalid_argument("the path of an MCP endpoint starts with /");
  return {};
}

}  // namespace

Result<std::unique_ptr<McpTransport>> make_http_transport(const HttpTransportOptions& options,
                                                          net::HttpClient& client) {
  if (auto checked = check_options(options); !checked) return fail(checked.error());
  return std::make_unique<HttpClientTransport>(options, client, nullptr);
}

Result<std::unique_ptr<McpTransport>> make_http_transport(const HttpTransportOptions& options) {
  if (auto checked = check_options(options); !checked) return fail(checked.error());
  auto client = net::make_http_client();
  if (!client) return fail(client.error());
  net::HttpClient& borrowed = **client;
  return std::make_unique<HttpClientTransport>(options, borrowed, std::move(*client));
}

}  // namespace ottobot::mcp
