// Access: who sends a request, and whether they may. Asked by the router before every handler.
//
// Credentials are an API key or a ticket, as bearer token or, a ticket, as `?ticket=`. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "api/api_keys.hpp"
#include "api/client_view.hpp"
#include "api/host_guard.hpp"
#include "api/rate_limit.hpp"
#include "api/recent_names.hpp"
#include "api/route_rules.hpp"
#include "api/tickets.hpp"
#include "ottobot/access_options.hpp"

namespace ottobot::api {

class Access {
 public:
  // `clock` and `logger` are borrowed. Errors: those of ApiKeys and parse_networks().
  static Result<std::unique_ptr<Access>> make(const AccessOptions& options, Clock& clock, Logger& logger);

  // No keys are configured: everybody may use everything.
  bool is_open() const { return keys_ == nullptr; }

  // Where a request came in.
  struct Door {
    const HostGuard& guard;
    bool is_for_this_machine = true;  // as host_guard.hpp has it
  };
  tl::expected<Caller, Refusal> admit(const net::RequestHead& head, const RouteRules& rules,
                                      const std::string& session_id, const Door& door);

  // Whether somebody who was admitted still would be: their user may have no key any more.
  bool is_still_known(const Caller& caller);
  // One more request that changes something, or new session. Refusal: 429.
  tl::expected<void, Refusal> count_change(const Caller& caller);
  tl::expected<void, Refusal> count_new_session(const Caller& caller);

  // A ticket with `role`, at most what `caller` has, good until `expires_at`.
  std::string make_ticket(const Caller& caller, const std::string& session_id, DesktopRole role,
                          UnixMillis expires_at) const;
  // The same for the apps in the session's sandbox, and nothing else.
  std::string make_app_ticket(Caller caller, const std::string& session_id, UnixMillis expires_at) const;
  std::string client_address(const net::RequestHead& head) const { return api::client_address(head, trusted_); }
  std::string forwarded_base(const net::RequestHead& head) const { return api::forwarded_base(head, trusted_); }

  // One line of the audit log. `session_id` may be empty.
  void audit(std::string_view action, const Caller& caller, const std::string& session_id) const;

 private:
  Access(const AccessOptions& options, Clock& clock, Logger& logger);

  tl::expected<Caller, Refusal> identify(const net::RequestHead& head);
  tl::expected<Caller, Refusal> welcome(Caller caller);
  Caller with_ticket(Caller caller, const Ticket& ticket) const;
  tl::unexpected<Refusal> refuse_wrong(const Failure& failure, const Caller& caller);
  tl::expected<void, Refusal> count(RateLimit& limit, const Caller& caller, const char* message);
  // Whom requests are counted for; empty = nobody.
  std::string counted_name(const Caller& caller) const;

  const std::string secret_;
  const std::string cluster_secret_;
  Clock& clock_;
  Logger& logger_;
  std::unique_ptr<ApiKeys> keys_;  // null = open
  std::vector<Network> trusted_;
  RateLimit changes_, new_sessions_, failures_, reports_;
  RecentNames welcome_;  // "address user" that had a right key
};

}  // namespace ottobot::api
