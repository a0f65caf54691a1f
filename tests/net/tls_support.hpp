// Certificates made for a test, and a client that speaks TLS.
#pragma once

#include <openssl/ssl.h>

#include <filesystem>
#include <string>

#include "net/raw_client.hpp"
#include "net/tls/openssl_ptr.hpp"
#include "net/tls/socket_bio.hpp"
#include "net/tls/tls_context.hpp"

namespace ottobot::net::test {

struct CertOptions {
  std::string name = "localhost";  // the subject, which clients do not look at
  std::string valid_for = "DNS:localhost,IP:127.0.0.1";
  long from_s = -3600;  // seconds from now
  long until_s = 86400;
};

// A folder with cert.pem, self-signed and its own authority, and key.pem; removed with it.
class TlsFolder {
 public:
  explicit TlsFolder(const CertOptions& options = {});
  ~TlsFolder();
  TlsFolder(const TlsFolder&) = delete;
  TlsFolder& operator=(const TlsFolder&) = delete;

  // Takes another pair's place, as a renewal does: each file by a rename.
  void replace(const CertOptions& options);
  void replace_cert(const CertOptions& options);  // its key stays the old one
  void write(const std::string& file, const std::string& text) const;

  TlsFiles files() const { return {dir_ / "cert.pem", dir_ / "key.pem"}; }
  const std::filesystem::path& dir() const { return dir_; }

 private:
  std::filesystem::path dir_;
};

struct TlsClientOptions {
  int max_version = 0;  // TLS1_2_VERSION, …; 0 = the newest
  std::string alpn = "http/1.1";
};

// Over a connected socket, which it makes non-blocking; at most 10 s for everything.
class TlsChannel final : public RawChannel {
 public:
  TlsChannel(int fd, const TlsClientOptions& options = {});

  // False when the server refused; reason() then says why.
  bool shake_hands();
  std::string reason() const { return reason_; }
  ssize_t receive(char* buffer, std::size_t size, std::chrono::milliseconds timeout) override;
  bool send(std::string_view bytes) override;
  void end_sending() override;

  bool got_close_notify() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
  std::string protocol() const { return SSL_get_version(ssl_.get()); }
  std::string alpn() const;
  std::string peer_name() const;  // the certificate's subject
  SSL* ssl() { return ssl_.get(); }

 private:
  bool wait(int result, std::chrono::milliseconds timeout);

  BioSocket socket_;
  SslPtr ssl_;
  std::string reason_;
};

// For what is the same for every test: one folder and one context, of the process.
std::shared_ptr<TlsContext> shared_tls_context();
std::unique_ptr<RawChannel> speak_tls(int fd);

}  // namespace ottobot::net::test
