// Who sends a request: found out by the access check, used by the routes.
#pragma once

#include <string>

#include "ottobot/clock.hpp"

namespace ottobot::api {

enum class DesktopRole { view, control };

struct Caller {
  std::string user;        // owner of what it makes and sees; empty = no access control: everything
  std::string session_id;  // the only one that it may use, as its ticket says; empty = all of the user's
  DesktopRole desktop = DesktopRole::control;
  UnixMillis ticket_expires_at = 0;  // 0 = it has no ticket
  bool apps_only = false;            // so does its ticket
  std::string address;               // where it is, for the audit log and limits
  bool relayed = false;              // another process of the service has admitted it, and handed its request on:
  std::string relayed_for;           // about this session,
  bool relayed_to_app = false;       // to an app in its sandbox, or to us

  bool has_ticket() const { return ticket_expires_at != 0; }
  // Whoever may only watch the desktop may only read the rest, too.
  bool may_change() const { return desktop == DesktopRole::control; }
};

}  // namespace ottobot::api
