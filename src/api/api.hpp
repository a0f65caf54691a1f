// The HTTP face of the service: REST, chat, downloads, VNC gateway. One handler for one listener.
//
// Stateless but for open sockets. Thread-safe. Everything given by reference must outlive the Api; destroying it closes
// open chats and joins what it started.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/answered_request.hpp"
#include "api/desktop_control.hpp"
#include "api/long_requests.hpp"
#include "net/client/http_client.hpp"
#include "net/server/http_server.hpp"
#include "ottobot/access_options.hpp"
#include "ottobot/clock.hpp"
#include "ottobot/container_backend.hpp"
#include "ottobot/log.hpp"
#include "ottobot/page_file.hpp"
#include "ottobot/session/session_service.hpp"

namespace ottobot::api {

struct ApiDependencies {
  SessionService& sessions;
  SessionStore& store;
  net::HttpClient& http;
  net::HttpServer& server;
  Clock& clock;
  Logger& logger;
  // Where the session's sandbox answers. Errors: not_found (none runs), unavailable.
  std::function<Result<Endpoint>(const SessionRow& row, const CallContext& ctx)> sandbox_of;
  // Of the worker that looks after the session, "http://HOST:PORT"; empty = that is this process, or there is none.
  // Errors: unavailable, when there is one that would not believe us. May be empty: there is only this process.
  std::function<Result<std::string>(const SessionRow& row, const CallContext& ctx)> worker_url;
  // Parts of /health: may it answer within a moment, without blocking (cached).
  std::function<Json()> service_health;  // {redis, docker, workers, store}
  // Bodies of /metrics, as JSON and for Prometheus; of single sessions only those of `user` (empty = all). Without them
  // there is no /metrics.
  std::function<Result<Json>(const std::string& user, const CallContext& ctx)> metrics;
  std::function<Result<std::string>(const std::string& user, const CallContext& ctx)> metrics_text;
  OnAnswered on_answered;
  // Sentences for /health, each a reason why it is not healthy; cached like service_health. May be empty.
  std::function<std::vector<std::string>()> service_problems;
};

struct ApiOptions {
  std::string version;
  std::string host = "127.0.0.1";  // where it listens
  int port = 3000;
  std::string public_url;  // empty = http://host:port
  std::vector<std::string> cors_origins;
  AccessOptions access;
  bool is_for_this_machine = true;  // as host_guard.hpp has it
  LongRequestLimits long_requests;
  // Of apps in sandboxes; a WebSocket only until it is joined.
  LongRequestLimits app_requests{16, 24, "requests to apps"};
  // Chats and event streams that are open at the same time. Fewer than the server's connections.
  LongRequestLimits streams{1000, 16000, "chats and event streams"};
  int slow_bodies = 16;  // requests whose body is awaited at the same time
  DesktopControlOptions desktop_control;
  // Below it, apps in sandboxes have host names of their own; "localhost": only for browsers on this machine. Empty =
  // they have none.
  std::string preview_domain = "localhost";
  std::vector<PageFile> page;  // empty = there is none at /
};

class Api {
 public:
  // Errors: invalid_argument, not_found, permission_denied (API keys).
  static Result<std::unique_ptr<Api>> make(ApiDependencies dependencies, ApiOptions options);
  virtual ~Api() = default;

  virtual net::Handler handler() = 0;
  // What handler() answers, in no particular order.
  virtual std::vector<RouteName> routes() const = 0;
  virtual bool is_inline(const net::RequestHead& request) const = 0;  // /health
  virtual bool is_quick(net::RequestHead& request) const = 0;         // reads of the store, which it begins
  virtual net::Response error_response(int status, const std::string& message) const = 0;
  // The port is known only once the listener is up; before the first request.
  virtual void set_port(int port) = 0;
  // Handlers of one session's own ports (http://127.0.0.1:608x/vnc.html, http://127.0.0.1:808x/mcp).
  virtual net::Handler vnc_port_handler(const std::string& session_id) = 0;
  virtual net::Handler mcp_port_handler(const std::string& session_id) = 0;
  // Whether a person controls the session's desktop through this Api: the agent keeps its hands off then.
  virtual bool person_controls_desktop(const std::string& session_id) = 0;
};

}  // namespace ottobot::api
