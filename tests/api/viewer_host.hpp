// A listener whose viewers get the role that their path names, /view or /control: roles without keys and tickets.
#pragma once

#include "api/api_fixture.hpp"
#include "api/desktop_log.hpp"
#include "api/vnc_socket.hpp"

namespace ottobot::api::test {

class ViewerHost {
 public:
  ViewerHost(net::HttpServer& server, ApiDependencies dependencies, ApiOptions options, const std::string& session_id)
      : context_(make_context(std::move(dependencies), std::move(options))) {
    log_desktop_control(*context_);
    net::ListenOptions listen;
    listen.handler = [this, session_id](net::Exchange& exchange) {
      const bool may_only_look = exchange.request().path == "/view";
      Caller caller;
      caller.desktop = may_only_look ? DesktopRole::view : DesktopRole::control;
      VncSocket::accept(context_, exchange, session_id, caller, nullptr);
    };
    auto listener = server.listen(std::move(listen));
    EXPECT_TRUE(listener) << listener.error().to_string();
    listener_ = std::move(*listener);
  }
  ~ViewerHost() {
    listener_.reset();
    context_->sockets.close_all();
    context_->tasks.close();
  }

  int port() const { return listener_->port(); }
  Context& context() { return *context_; }

 private:
  static std::shared_ptr<Context> make_context(ApiDependencies dependencies, ApiOptions options) {
    auto access = Access::make(options.access, dependencies.clock, dependencies.logger);
    EXPECT_TRUE(access) << access.error().to_string();
    return std::make_shared<Context>(std::move(dependencies), std::move(options), std::move(*access));
  }

  const std::shared_ptr<Context> context_;
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace ottobot::api::test
