// How a WebSocket client without the right to it is told: by a close code, as a browser's script sees no HTTP status.
#pragma once

#include "api/route_rules.hpp"
#include "ottobot/json.hpp"

namespace ottobot::api {

inline constexpr int kBadCredentials = 4401;  // close code

// Takes the socket, sends `frame` unless it is null, and closes it with 4401. What is no bad credential (status other
// than 401), or no WebSocket, is answered over HTTP.
void refuse_socket(Request& request, const Refusal& refusal, const net::WebSocketOptions& options, const Json& frame);

}  // namespace ottobot::api
