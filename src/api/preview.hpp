// Preview: the apps that run in sandboxes, through this server's one port. See preview_target.hpp for their addresses.
// Thread-safe.
#pragma once

#include "api/preview_app.hpp"

namespace ottobot::api {

class Preview {
 public:
  Preview(Context& context, Admit admit) : context_(context), admit_(std::move(admit)), apps_(context) {}

  // The app that a request is for; nullopt = it is for none.
  std::optional<PreviewTarget> find(const net::RequestHead& head) const {
    return parse_preview_target(head, {context_.options.preview_domain, !context_.access->is_open()});
  }
  void serve(net::Exchange& exchange, PreviewTarget target);
  std::vector<RouteName> routes() const;

 private:
  Result<void> serve_admitted(Request& request, PreviewTarget& target);
  Result<void> check_page(const net::RequestHead& head, const PreviewTarget& target) const;
  bool redirect(Request& request, const PreviewTarget& target, const SessionRow& row) const;
  std::string base_url(const net::RequestHead& head) const;
  std::string own_host_url(const net::RequestHead& head, const PreviewTarget& target) const;

  Context& context_;
  const Admit admit_;
  PreviewApps apps_;
};

}  // namespace ottobot::api
