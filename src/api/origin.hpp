// Guard of the sessions' own ports, which listen on loopback and ask for no credentials: a page of some other site that
// is open in the user's browser must not reach them.
#pragma once

#include "net/server/http_server.hpp"

namespace ottobot::api {

// Errors: permission_denied when a browser says that the request comes from a page that is not on loopback.
Result<void> check_loopback_origin(const net::RequestHead& head);

}  // namespace ottobot::api
