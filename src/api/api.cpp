#include "api/api.hpp"

#include "api/access_log.hpp"
#include "api/chat.hpp"
#include "api/context.hpp"
#include "api/cors.hpp"
#include "api/desktop_routes.hpp"
#include "api/docs_routes.hpp"
#include "api/errors.hpp"
#include "api/event_routes.hpp"
#include "api/file_routes.hpp"
#include "api/health.hpp"
#include "api/mcp_relay.hpp"
#include "api/metrics_routes.hpp"
#include "api/page_routes.hpp"
#include "api/preview.hpp"
#include "api/session_routes.hpp"
#include "api/ticket_route.hpp"
#include "api/vnc_gateway.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::api {
namespace {

constexpr std::chrono::milliseconds kAccessInterval{1000};

// As long as there is the Api, open sockets end whose users have no key any more.
void watch_access(const std::shared_ptr<Context>& context) {
  context->tasks.run_after(kAccessInterval, [weak = std::weak_ptr<Context>(context)] {
    const auto watched = weak.lock();
    if (!watched) return;
    watched->sockets.turn_away([&](const Caller& caller) { return !watched->access->is_still_known(caller); });
    watch_access(watched);
  });
}

class HttpApi final : public Api {
 public:
  HttpApi(ApiDependencies dependencies, ApiOptions options, std::unique_ptr<Access> access)
      : context_(std::make_shared<Context>(std::move(dependencies), std::move(options), std::move(access))),
        access_log_(context_->deps.logger),
        cors_(context_->options.cors_origins),
        router_({context_->deps.logger,
                 admit_by(context_->guard, context_->options.is_for_this_machine),
                 {},
                 context_->deps.on_answered}),
        preview_(*context_, admit_by(context_->guard, context_->options.is_for_this_machine)) {
    Context& context = *context_;
    router_.add("GET", "health", rules::kOpen, [&context](Request& request) { return serve_health(context, request); });
    add_chat_route(router_, context);
    add_ticket_route(router_, context);
    add_metrics_routes(router_, context);
    add_session_routes(router_, context);
    add_docs_routes(router_, context);
    add_page_routes(router_, context);
    add_event_routes(router_, context);
    add_file_routes(router_, context);
    add_vnc_routes(router_, context);
    add_desktop_routes(router_, context);
    if (!context.access->is_open()) watch_access(context_);
  }

  ~HttpApi() override {
    context_->sockets.close_all();
    context_->tasks.close();
  }

  net::Handler handler() override {
    return [this](net::Exchange& exchange) {
      access_log_.handle(exchange, [this](net::Exchange& logged) {
        if (auto app = preview_.find(logged.request())) return preview_.serve(logged, std::move(*app));
        cors_.handle(logged, [this](net::Exchange& answering) { router_.handle(answering); });
      });
    };
  }

  std::vector<RouteName> routes() const override {
    std::vector<RouteName> all = router_.routes();
    for (RouteName& route : preview_.routes()) all.push_back(std::move(route));
    return all;
  }

  bool is_inline(const net::RequestHead& request) const override {
    return request.path == "/health" && !preview_.find(request);
  }

  bool is_quick(net::RequestHead& request) const override {
    std::string_view path = request.path;
    if (request.method != "GET" || !path.starts_with("/session") || preview_.find(request)) return false;
    path.remove_prefix(std::min(path.find('/', 1), path.size()));  // "/ID", "/ID/events"
    const auto below = std::min(path.find('/', 1), path.size());
    const std::string_view rest = path.substr(below);
    if (!rest.empty() && rest != "/events" && rest != "/logs") return false;
    begin_look(request, path.substr(0, below));
    return true;
  }

  net::Response error_response(int status, const std::string& message) const override {
    return api::error_response(status, message);
  }

  void set_port(int port) override { context_->port = port; }

  net::Handler vnc_port_handler(const std::string& session_id) override {
    auto router = own_port_router(session_id);
    add_own_port_vnc_routes(*router, *context_);
    return [router](net::Exchange& exchange) { router->handle(exchange); };
  }

  net::Handler mcp_port_handler(const std::string& session_id) override {
    auto router = own_port_router(session_id);
    add_mcp_routes(*router, *context_);
    return [router](net::Exchange& exchange) { router->handle(exchange); };
  }

  bool person_controls_desktop(const std::string& session_id) override {
    return context_->desktops.person_controls(session_id);
  }

 private:
  // Before anybody has asked who is there: it costs a read, and tells nobody.
  void begin_look(net::RequestHead& request, std::string_view path) const {
    if (path.empty()) return;
    const std::string id(path.substr(1));
    if (!is_valid_id(id)) return;
    if (auto look = context_->deps.store.begin_get_session(id)) {
      request.begun = std::shared_ptr<SessionLook>(std::move(look));
    }
  }

  Admit admit_by(const HostGuard& guard, bool is_for_this_machine) const {
    return
        [this, &guard, is_for_this_machine](const net::RequestHead& head, const RouteRules& rules,
                                            const std::string& session) {
          return context_->access->admit(head, rules, session, {guard, is_for_this_machine});
        };
  }

  // They listen on loopback, always.
  std::shared_ptr<Router> own_port_router(const std::string& session_id) const {
    return std::make_shared<Router>(
        RouterOptions{context_->deps.logger, admit_by(context_->own_port_guard, true), session_id, {}});
  }

  const std::shared_ptr<Context> context_;
  const AccessLog access_log_;
  const Cors cors_;
  Router router_;
  Preview preview_;
};

}  // namespace

Result<std::unique_ptr<Api>> Api::make(ApiDependencies dependencies, ApiOptions options) {
  if (!dependencies.sandbox_of) return invalid_argument("sandbox_of must be set");
  auto access = Access::make(options.access, dependencies.clock, dependencies.logger);
  if (!access) return fail(access.error());
  return std::unique_ptr<Api>(
      std::make_unique<HttpApi>(std::move(dependencies), std::move(options), std::move(*access)));
}

}  // namespace ottobot::api
