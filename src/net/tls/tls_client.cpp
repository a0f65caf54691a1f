#include "net/tls/tls_client.hpp"

#include <poll.h>

#include "net/process/ip_address.hpp"
#include "net/process/wait_fd.hpp"
#include "net/tls/openssl_session.hpp"

namespace ottobot::net {
namespace {

using ContextPtr = std::unique_ptr<SSL_CTX, OpenSslFree<SSL_CTX_free>>;

Result<ContextPtr> make_context(const std::filesystem::path& ca_file) {
  ContextPtr context(SSL_CTX_new(TLS_client_method()));
  if (!context) return internal_error("no TLS context: " + openssl_reason());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_default_verify_paths(context.get());
  if (ca_file.empty()) return context;
  if (!std::filesystem::exists(ca_file)) return not_found("no CA file " + ca_file.string());
  if (SSL_CTX_load_verify_file(context.get(), ca_file.c_str()) != 1) {
    return invalid_argument(ca_file.string() + " has no certificates in PEM form");
  }
  return context;
}

// The certificate must be for `host`, and the server is told whom we want.
bool expect_host(SSL* ssl, const std::string& host) {
  if (is_ip_address(host)) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

Failure refused(SSL* ssl, const std::string& host) {
  const long verdict = SSL_get_verify_result(ssl);
  if (verdict == X509_V_OK) return unavailable("TLS with " + host + " failed: " + openssl_reason());
  return unavailable("the certificate of " + host + " is not trusted: " + X509_verify_cert_error_string(verdict),
                     "name its authority's certificate as CA file");
}

Result<void> shake_hands(SSL* ssl, int fd, const std::string& host, const CallContext& ctx) {
  while (true) {
    ERR_clear_error();
    const int done = SSL_connect(ssl);
    if (done == 1) return {};
    const int why = SSL_get_error(ssl, done);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) return refused(ssl, host);
    const auto events = static_cast<short>(why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT);
    if (auto ready = wait_fd(fd, events, ctx); !ready) return fail(ready.error(), "TLS with " + host);
  }
}

}  // namespace

Result<std::shared_ptr<TlsSession>> connect_tls(int fd, const TlsClientOptions& options, const CallContext& ctx) {
  auto context = make_context(options.ca_file);
  if (!context) return fail(context.error());
  SslPtr ssl(SSL_new(context->get()));
  if (!ssl || !expect_host(ssl.get(), options.host)) return internal_error("no TLS session: " + openssl_reason());
  SSL* const handle = ssl.get();
  auto session = std::make_shared<OpenSslSession>(std::move(ssl), fd, null_logger(), OpenSslSession::Side::client);
  if (!session->valid()) return internal_error("no memory for a TLS session");
  if (auto shaken = shake_hands(handle, fd, options.host, ctx); !shaken) return fail(shaken.error());
  return session;
}

}  // namespace ottobot::net
