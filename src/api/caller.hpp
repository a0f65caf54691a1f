// Who sends a request: found out by the access check, used by the routes.
#pragma once

#include <string>

namespace ottobot::api {

enum class DesktopRole { view, control };

struct Caller {
  std::string user;        // owner of what it makes and sees; empty = no access control: everything
  std::string session_id;  // the only one that it may use; empty = all of the user's
  DesktopRole desktop = DesktopRole::control;
};

}  // namespace ottobot::api
