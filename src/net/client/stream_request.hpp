// One HTTP/1.1 request over a stream that is connected already: to servers that libcurl cannot reach, because they are
// at the other end of an upgraded connection.
#pragma once

#include <optional>

#include "net/client/http_client.hpp"
#include "net/process/unix_socket.hpp"

namespace ottobot::net {

// Sends method, url (here the request target, "/path?query"), headers as they are, and body or body_source; the answer
// goes to `sink`, its transfer coding undone, its content coding left. The rest of the body is not sent once the peer
// takes no more of it. Returns the stream when the peer has switched protocols (101), else nullopt: it is used up.
// Blocks; the callbacks run on the calling thread. Errors: invalid_argument (a method, target or field that HTTP cannot
// carry), unavailable (connection lost, no HTTP), deadline_exceeded (idle_timeout too), cancelled, the sink's.
Result<std::optional<RawStream>> request_over(RawStream stream, const HttpRequest& request, ResponseSink& sink,
                                              const CallContext& ctx);

}  // namespace ottobot::net
