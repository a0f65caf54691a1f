#include "net/tls/tls_pair.hpp"

#include <fcntl.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <ctime>

#include "net/unique_fd.hpp"

namespace ottobot::net {
namespace {

// https://ssl-config.mozilla.org, intermediate, without the DHE ciphers: they cost the server most, and nothing that
// speaks TLS 1.2 needs them.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr std::string_view kHttp11 = "\x08http/1.1";
constexpr std::size_t kMaxFile = 1 << 20;
constexpr std::string_view kSessionContext = "ottobot";

struct CertChainFree {
  void operator()(STACK_OF(X509) * chain) const { sk_X509_pop_free(chain, X509_free); }
};

struct Certificates {
  X509Ptr own;
  std::unique_ptr<STACK_OF(X509), CertChainFree> others;
};

// Wiped, because one of them is the key.
struct FileText {
  std::string text;
  mode_t mode = 0;

  FileText() = default;
  FileText(FileText&&) = default;
  ~FileText() { OPENSSL_cleanse(text.data(), text.size()); }
  bool contains(std::string_view word) const { return text.find(word) != std::string::npos; }
  BioPtr bio() const { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }
};

Result<FileText> read_file(const std::filesystem::path& path, const std::string& what) {
  const std::string failure = "cannot read " + what + " " + path.string();
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) {
    Failure failed = errno_error(failure, errno);
    failed.value().hint = "--tls-cert and --tls-key name PEM files that this user may read";
    return failed;
  }
  if (!S_ISREG(status.st_mode)) return invalid_argument(failure + ": not a file");
  if (status.st_size > static_cast<off_t>(kMaxFile)) return invalid_argument(failure + ": too large for one");
  FileText file;
  file.mode = status.st_mode;
  file.text.resize(kMaxFile);
  const ssize_t got = ::read(fd.get(), file.text.data(), file.text.size());
  if (got < 0) return errno_error(failure, errno);
  file.text.resize(static_cast<std::size_t>(got));
  return file;
}

Result<Certificates> parse_certificates(const FileText& file, const std::string& path) {
  const BioPtr bio = file.bio();
  Certificates all{X509Ptr(PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr)), {}};
  if (!all.own) {
    return invalid_argument(path + " holds no certificate in PEM form",
                            file.contains("PRIVATE KEY-----") ? "are certificate and key swapped?"
                                                              : "it has to have a part BEGIN CERTIFICATE");
  }
  all.others.reset(sk_X509_new_null());
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) sk_X509_push(all.others.get(), next);
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
    return invalid_argument("the certificates in " + path + " do not end well: " + openssl_reason(),
                            "was the file cut off?");
  }
  return all;
}

// Nobody is there to be asked for the password.
int no_password(char*, int, int, void*) { return -1; }

Result<KeyPtr> parse_key(const FileText& file, const std::string& path) {
  const BioPtr bio = file.bio();
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (key) return key;
  if (file.contains("ENCRYPTED")) {
    return invalid_argument("the private key in " + path + " is encrypted",
                            "take the password away: openssl pkey -in " + path + " -out plain.pem");
  }
  return invalid_argument(path + " holds no private key in PEM form", file.contains("BEGIN CERTIFICATE-----")
                                                                          ? "are certificate and key swapped?"
                                                                          : "it has to have a part BEGIN PRIVATE KEY");
}

UnixMillis unix_time(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<UnixMillis>(::timegm(&parts)) * 1000 : 0;
}

std::vector<std::string> warnings_of(const TlsFiles& files, const X509* own, mode_t key_mode, UnixMillis now) {
  std::vector<std::string> warnings;
  const UnixMillis from = unix_time(X509_get0_notBefore(own)), until = unix_time(X509_get0_notAfter(own));
  if (until <= now)
    warnings.push_back("the certificate in " + files.cert.string() + " expired at " + to_rfc3339(until));
  if (from > now)
    warnings.push_back("the certificate in " + files.cert.string() + " is valid from " + to_rfc3339(from));
  if ((key_mode & S_IROTH) != 0) {
    warnings.push_back("every user of this machine can read the private key: chmod 600 " + files.key.string());
  }
  return warnings;
}

// A client that names protocols, and not this one, is refused (RFC 7301 §3.2).
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  unsigned char* found = nullptr;
  const auto* ours = reinterpret_cast<const unsigned char*>(kHttp11.data());
  const int outcome =
      SSL_select_next_proto(&found, chosen_size, ours, static_cast<unsigned>(kHttp11.size()), offered, offered_size);
  *chosen = found;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::shared_ptr<SSL_CTX> make_context() {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return nullptr;
  SSL_CTX* const raw = context.get();
  SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // An idle connection holds no buffers; SendQueue may move what it sends again.
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(raw, 1);
  // Clients keep their sessions themselves (tickets).
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(raw, reinterpret_cast<const unsigned char*>(kSessionContext.data()),
                                 static_cast<unsigned>(kSessionContext.size()));
  SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
  const bool good = SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) == 1 &&
                    SSL_CTX_set_cipher_list(raw, kCiphers) == 1 && SSL_CTX_set1_groups_list(raw, kGroups) == 1;
  return good ? context : nullptr;
}

}  // namespace

Result<TlsPair> read_tls_pair(const TlsFiles& files, UnixMillis now) {
  auto cert_file = read_file(files.cert, "the TLS certificate");
  if (!cert_file) return fail(cert_file.error());
  auto key_file = read_file(files.key, "the TLS key");
  if (!key_file) return fail(key_file.error());
  ERR_clear_error();
  auto certificates = parse_certificates(*cert_file, files.cert.string());
  if (!certificates) return fail(certificates.error());
  ERR_clear_error();
  auto key = parse_key(*key_file, files.key.string());
  if (!key) return fail(key.error());
  if (X509_check_private_key(certificates->own.get(), key->get()) != 1) {
    return invalid_argument("the private key in " + files.key.string() + " does not belong to the certificate in " +
                            files.cert.string());
  }
  TlsPair pair{make_context(), to_rfc3339(unix_time(X509_get0_notAfter(certificates->own.get()))),
               warnings_of(files, certificates->own.get(), key_file->mode, now)};
  if (!pair.context) return internal_error("cannot set up TLS: " + openssl_reason());
  ERR_clear_error();
  if (SSL_CTX_use_cert_and_key(pair.context.get(), certificates->own.get(), key->get(), certificates->others.get(),
                               1) != 1) {
    return invalid_argument("the certificate in " + files.cert.string() + " cannot be used: " + openssl_reason());
  }
  return pair;
}

Result<std::vector<std::string>> check_tls_files(const TlsFiles& files, UnixMillis now) {
  auto pair = read_tls_pair(files, now);
  if (!pair) return fail(pair.error());
  return std::move(pair->warnings);
}

}  // namespace ottobot::net
