// The desktop in a browser: noVNC's pages and the WebSocket behind them, on the service's port for every session and on
// a session's own port for that one.
#pragma once

#include "api/context.hpp"

namespace ottobot::api {

// /session/:id/vnc/… `context` must outlive the router.
void add_vnc_routes(Router& router, Context& context);
// /vnc.html, /websockify, … `router` is a session's own.
void add_own_port_vnc_routes(Router& router, Context& context);

}  // namespace ottobot::api
