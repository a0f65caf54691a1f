// TLS for a connection that we made ourselves: TLS 1.2 and newer, the peer's certificate and name are checked.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "net/server/tls.hpp"
#include "ottobot/call_context.hpp"

namespace ottobot::net {

struct TlsClientOptions {
  std::string host;               // that the certificate must be for: a name or an address
  std::filesystem::path ca_file;  // PEM: authorities trusted besides the system's; empty = none
};

// Shakes hands on `fd`, connected and non-blocking, which stays open until TlsSession::close(). Errors: not_found and
// invalid_argument (the CA file), unavailable (no TLS there, or a certificate that is not trusted: the message says
// why), cancelled, deadline_exceeded.
Result<std::shared_ptr<TlsSession>> connect_tls(int fd, const TlsClientOptions& options, const CallContext& ctx);

}  // namespace ottobot::net
