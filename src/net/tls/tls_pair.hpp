// A certificate and its private key, out of PEM files. Private to net/tls, but for check_tls_files().
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/tls/openssl_ptr.hpp"
#include "net/tls/tls_context.hpp"
#include "ottobot/error.hpp"

namespace ottobot::net {

struct TlsPair {
  std::shared_ptr<SSL_CTX> context;  // ready to serve with it
  std::string expires_at;            // RFC 3339
  std::vector<std::string> warnings;
};

// `now` decides whether the certificate is valid. Errors: as make_tls_context().
Result<TlsPair> read_tls_pair(const TlsFiles& files, UnixMillis now);

}  // namespace ottobot::net
