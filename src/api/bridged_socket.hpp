// A client's WebSocket whose bytes go on to another server without a thread of ours.
#pragma once

#include "api/context.hpp"
#include "net/process/unix_socket.hpp"

namespace ottobot::api {

bool is_websocket(const net::RequestHead& head);
// What of an answer with 101 belongs to the WebSocket handshake.
net::Headers websocket_fields(const net::Headers& answer);

// Joins the request's connection and `stream`, whose other end has switched protocols with `switched`. The socket counts
// among its user's, who may be told that there are too many, and is closed with the Api. Errors: those of the system.
Result<void> bridge_websocket(Context& context, Request& request, net::RawStream stream, const net::Headers& switched);

}  // namespace ottobot::api
