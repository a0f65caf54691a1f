// Tickets: what stands in for an API key in a browser's URL, for one session and some time.
//
// base64url(payload) "." base64url(HMAC-SHA-256 over the first part). Whoever has the secret makes and checks them; no
// list of them is kept. Pure.
#pragma once

#include <string>
#include <string_view>

#include "api/caller.hpp"
#include "ottobot/error.hpp"

namespace ottobot::api {

struct Ticket {
  std::string user;  // who made it; empty without access control
  std::string session_id;
  DesktopRole role = DesktopRole::control;
  UnixMillis expires_at = 0;
  bool apps_only = false;  // for the apps in the session's sandbox, which get to see it
};

// The same ticket and secret give the same text.
std::string sign_ticket(const Ticket& ticket, std::string_view secret);

enum class TicketProblem { forged, expired };
tl::expected<Ticket, TicketProblem> verify_ticket(std::string_view text, std::string_view secret, UnixMillis now);

std::string_view to_string(DesktopRole role);
// nullopt unless it is "view" or "control".
std::optional<DesktopRole> parse_role(std::string_view name);

}  // namespace ottobot::api
