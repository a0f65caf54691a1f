// Outgoing HTTP(S) on libcurl: one curl_multi thread shared by all calls, connections reused, HTTP/2 where offered.
//
// Calls block the calling thread, which also runs the body callbacks; a fired stop token or a passed deadline aborts
// the transfer at once and closes its connection. Redirects are not followed. Proxies are taken from the environment
// for http(s) URLs, never for unix sockets or loopback. Thread-safe; the destructor aborts and joins.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/http_types.hpp"
#include "net/unique_fd.hpp"
#include "ottobot/call_context.hpp"
#include "ottobot/container_backend.hpp"

namespace ottobot::net {

// In the details of an error: the server's certificate is not trusted, or the file of authorities cannot be used.
inline constexpr const char* kCertificateField = "certificate";

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // http:// or https://
  Headers headers;
  std::string body;
  // Streams the request body instead of `body`: fills up to `size` bytes, returns how many, 0 at the end. Runs on the
  // client's I/O thread: must not block.
  std::function<std::size_t(char* buffer, std::size_t size)> body_source;
  // Connects here instead of to the URL's host, which must then be a name that only this peer has (it keys the pool).
  std::optional<Endpoint> endpoint;
  std::chrono::milliseconds connect_timeout{10000};
  std::chrono::milliseconds idle_timeout{0};  // between bytes of the answer; 0 = none
  std::size_t max_body_bytes = 64 << 20;      // of fetch(): resource_exhausted beyond
};

struct HttpResponse {
  int status = 0;
  Headers headers;
  std::string body;  // of fetch()
};

// Streaming answers: head first, then the (decoded) body. Called on the thread that called stream(). An error returned
// aborts the transfer and is the result of the call. Slow callbacks hold back the peer.
class ResponseSink {
 public:
  virtual ~ResponseSink() = default;
  virtual Result<void> on_head(int status, const Headers& headers) = 0;
  virtual Result<void> on_body(std::string_view bytes) = 0;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // Any HTTP status is a success. A call that meets a pooled connection whose peer went away is made afresh, if nothing
  // of an answer has come. Errors: invalid_argument (URL, method, header), permission_denied (the endpoint is a link or
  // another user's), unavailable (resolve, connect, TLS, connection lost;
  // the hint says which, and details name kCertificateField when it is the certificate), deadline_exceeded (idle
  // time-out too), cancelled, resource_exhausted.
  virtual Result<HttpResponse> fetch(const HttpRequest& request, const CallContext& ctx) = 0;
  virtual Result<void> stream(const HttpRequest& request, ResponseSink& sink, const CallContext& ctx) = 0;
};

struct HttpClientOptions {
  std::string user_agent = "ottobot";
  std::size_t max_connections_per_host = 64;
  std::string ca_file;                  // PEM: authorities that are trusted besides the system's; empty = none
  std::string client_cert, client_key;  // PEM: how we show who we are; both or neither
};

Result<std::unique_ptr<HttpClient>> make_http_client(const HttpClientOptions& options = {});

// A request to a sandbox: `path` (encoded, with query) at the endpoint, bearer token added.
HttpRequest request_to(const Endpoint& endpoint, std::string method, std::string path);

}  // namespace ottobot::net
