#include "net/client/curl_error.hpp"

#include "net/client/http_client.hpp"

namespace ottobot::net {
namespace {

constexpr const char* kNoHttpHint = "the peer does not speak HTTP as it should";

std::string origin_of(const std::string& url) {
  const std::size_t start = url.find("://");
  if (start == std::string::npos) return url;
  return url.substr(0, url.find_first_of("/?#", start + 3));
}

Error certificate_error(std::string message, const std::string& reason) {
  Error error =
      unavailable(std::move(message), "check the server's certificate and the CA certificates of this machine").value();
  error.details.push_back({kCertificateField, reason});
  return error;
}

}  // namespace

Result<void> init_curl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) return internal_error(std::string("libcurl does not start: ") + curl_easy_strerror(code));
  return {};
}

Error curl_error(CURLcode code, const char* text, const std::string& url) {
  const std::string reason = text != nullptr && *text != '\0' ? text : curl_easy_strerror(code);
  const std::string message = origin_of(url) + ": " + reason;
  switch (code) {
    case CURLE_URL_MALFORMAT:
      return invalid_argument(message).value();
    case CURLE_UNSUPPORTED_PROTOCOL:
      // Also what libcurl says of an answer without a status line: to it that is HTTP/0.9.
      if (url.rfind("http", 0) != 0) return invalid_argument(message).value();
      return internal_error(message, kNoHttpHint).value();
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return unavailable(message, "the name could not be resolved: check the URL, DNS and proxy settings").value();
    case CURLE_COULDNT_CONNECT:
      return unavailable(message, "the connection was refused: is the service running, and the URL right?").value();
    case CURLE_OPERATION_TIMEDOUT:
      return unavailable(message, "the connection could not be made in time: check network and proxy").value();
    case CURLE_SSL_CONNECT_ERROR:
      return unavailable(message, "TLS failed: does the server speak https on this port?").value();
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
      return certificate_error(message, reason);
    case CURLE_OUT_OF_MEMORY:
      return resource_exhausted(message).value();
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return internal_error(message, kNoHttpHint).value();
    default:
      return unavailable(message, "the connection was lost").value();
  }
}

}  // namespace ottobot::net
