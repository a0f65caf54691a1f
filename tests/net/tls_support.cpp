#include "net/tls_support.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <fstream>

#include "ottobot/ids.hpp"

namespace ottobot::net::test {
namespace {

namespace fs = std::filesystem;

void add_extension(X509* cert, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, cert, cert, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  X509_add_ext(cert, extension, -1);
  X509_EXTENSION_free(extension);
}

X509Ptr make_certificate(EVP_PKEY* key, const CertOptions& options) {
  static long serial = 1;
  X509Ptr cert(X509_new());
  X509_set_version(cert.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), options.from_s);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), options.until_s);
  X509_set_pubkey(cert.get(), key);
  X509_NAME* name = X509_get_subject_name(cert.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(options.name.c_str()),
                             -1, -1, 0);
  X509_set_issuer_name(cert.get(), name);
  add_extension(cert.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(cert.get(), NID_subject_alt_name, options.valid_for.c_str());
  X509_sign(cert.get(), key, EVP_sha256());
  return cert;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* cert) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), cert);
  return text_of(bio.get());
}

std::string pem_of(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(bio.get());
}

SSL_CTX* client_context() {
  static SSL_CTX* const context = [] {
    SSL_CTX* made = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(made, SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_CTX_set_min_proto_version(made, TLS1_VERSION);
    SSL_CTX_set_security_level(made, 0);  // so that it can be asked for what the server must refuse
    return made;
  }();
  return context;
}

}  // namespace

TlsFolder::TlsFolder(const CertOptions& options) : dir_(fs::temp_directory_path() / ("ottobot-tls-" + new_id())) {
  fs::create_directories(dir_);
  replace(options);
}

TlsFolder::~TlsFolder() {
  std::error_code ignored;
  fs::remove_all(dir_, ignored);
}

void TlsFolder::write(const std::string& file, const std::string& text) const {
  std::ofstream(dir_ / "new") << text;
  fs::permissions(dir_ / "new", fs::perms::owner_read | fs::perms::owner_write);
  fs::rename(dir_ / "new", dir_ / file);
}

void TlsFolder::replace(const CertOptions& options) {
  const KeyPtr key(EVP_EC_gen("P-256"));
  write("cert.pem", pem_of(make_certificate(key.get(), options).get()));
  write("key.pem", pem_of(key.get()));
}

void TlsFolder::replace_cert(const CertOptions& options) {
  const KeyPtr key(EVP_EC_gen("P-256"));
  write("cert.pem", pem_of(make_certificate(key.get(), options).get()));
}

TlsChannel::TlsChannel(int fd, const TlsClientOptions& options) : ssl_(SSL_new(client_context())) {
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  socket_.fd = fd;
  BIO* bio = make_socket_bio(socket_);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_connect_state(ssl_.get());
  if (options.max_version != 0) SSL_set_max_proto_version(ssl_.get(), options.max_version);
  const std::string list = std::string(1, static_cast<char>(options.alpn.size())) + options.alpn;
  SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(list.data()),
                      static_cast<unsigned>(list.size()));
}

// True when the call may be made again.
bool TlsChannel::wait(int result, std::chrono::milliseconds timeout) {
  const int error = SSL_get_error(ssl_.get(), result);
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
    reason_ = openssl_reason();
    return false;
  }
  pollfd waiting{socket_.fd, static_cast<short>(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT), 0};
  if (::poll(&waiting, 1, static_cast<int>(timeout.count())) == 1) return true;
  reason_ = "nothing in time";
  return false;
}

bool TlsChannel::shake_hands() {
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) return true;
    if (!wait(result, std::chrono::seconds(10))) return false;
  }
}

ssize_t TlsChannel::receive(char* buffer, std::size_t size, std::chrono::milliseconds timeout) {
  for (;;) {
    ERR_clear_error();
    const int got = SSL_read(ssl_.get(), buffer, static_cast<int>(size));
    if (got > 0) return got;
    if (!wait(got, timeout)) return reason_ == "nothing in time" ? -1 : 0;
  }
}

bool TlsChannel::send(std::string_view bytes) {
  while (!bytes.empty()) {
    ERR_clear_error();
    const int sent = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (!wait(sent, std::chrono::seconds(10))) {
      return false;
    }
  }
  return true;
}

void TlsChannel::end_sending() {
  SSL_shutdown(ssl_.get());
  ::shutdown(socket_.fd, SHUT_WR);
}

std::string TlsChannel::alpn() const {
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &chosen, &size);
  return {reinterpret_cast<const char*>(chosen), size};
}

std::string TlsChannel::peer_name() const {
  const X509Ptr cert(SSL_get1_peer_certificate(ssl_.get()));
  if (!cert) return {};
  char name[256] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(cert.get()), NID_commonName, name, sizeof name);
  return name;
}

std::shared_ptr<TlsContext> shared_tls_context() {
  static const std::shared_ptr<TlsContext> context = [] {
    const TlsFolder folder;
    auto made = make_tls_context(folder.files(), system_clock(), null_logger());
    EXPECT_TRUE(made) << (made ? "" : made.error().to_string());
    return made ? *made : nullptr;
  }();
  return context;
}

std::unique_ptr<RawChannel> speak_tls(int fd) {
  auto channel = std::make_unique<TlsChannel>(fd);
  EXPECT_TRUE(channel->shake_hands()) << channel->reason();
  return channel;
}

}  // namespace ottobot::net::test
