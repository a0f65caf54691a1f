// TLS for the listeners of an HttpServer, by OpenSSL: TLS 1.2 and newer, the ciphers of Mozilla's "intermediate" list,
// HTTP/1.1 by ALPN.
//
// The files are looked at again, at most once a second, when a client connects: a renewed pair serves all connections
// from then on, those that are open keep theirs. A pair that cannot be used is a warning, once per change, and leaves
// the one before in place.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "net/server/tls.hpp"
#include "ottobot/clock.hpp"
#include "ottobot/error.hpp"
#include "ottobot/log.hpp"

namespace ottobot::net {

struct TlsFiles {
  std::filesystem::path cert;  // PEM: the server's certificate, then those that lead to its authority
  std::filesystem::path key;   // PEM, not encrypted
};

// Logs the warnings of check_tls_files(). `clock` and `logger` must outlive the context and its sessions. Errors, each
// naming the file: not_found and permission_denied (cannot be read), invalid_argument (not PEM, encrypted, too weak, or
// the two do not belong together).
Result<std::shared_ptr<TlsContext>> make_tls_context(TlsFiles files, Clock& clock, Logger& logger);

// What is not as it should be with a pair that can be used: a sentence each. Same errors.
Result<std::vector<std::string>> check_tls_files(const TlsFiles& files, UnixMillis now);

}  // namespace ottobot::net
