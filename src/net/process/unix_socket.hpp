// Unix stream sockets, with the checks that a folder under somebody else's control needs.
#pragma once

#include <string>

#include "net/unique_fd.hpp"
#include "ottobot/call_context.hpp"
#include "ottobot/container_backend.hpp"

namespace ottobot::net {

// Opens the folder of `path` with openat2(RESOLVE_NO_SYMLINKS), requires a socket there, connects through /proc/self/fd
// and compares SO_PEERCRED with peer_uid when given. Non-blocking, close-on-exec. Errors: unavailable (nobody listens,
// not there), permission_denied (a link, not a socket, another uid), invalid_argument (path too long),
// deadline_exceeded.
Result<UniqueFd> connect_unix(const std::string& path, std::optional<uid_t> peer_uid, const CallContext& ctx);

// Connects to `host:port` on TCP. Errors as above.
Result<UniqueFd> connect_tcp(const std::string& host, int port, const CallContext& ctx);

// connect_unix or connect_tcp, by endpoint.url.
Result<UniqueFd> connect_endpoint(const Endpoint& endpoint, const CallContext& ctx);

// Sends `GET path` with `Upgrade: protocol` and the token over a fresh connection and waits for 101; the stream is then
// raw (early bytes: what came right behind the answer). Errors: as connect_endpoint; any other status as the error it
// means.
struct RawStream {
  UniqueFd fd;
  std::string early_bytes;
};
Result<RawStream> open_raw_stream(const Endpoint& endpoint, const std::string& path, const std::string& protocol,
                                  const CallContext& ctx);

// Listens; an old socket file at `path` is replaced. Errors: conflict (somebody listens there), invalid_argument.
Result<UniqueFd> listen_unix(const std::string& path, unsigned mode);

}  // namespace ottobot::net
