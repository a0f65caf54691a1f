#include "net/client/raw_connection.hpp"

#include <sys/socket.h>

#include <array>

#include "net/client/blocked_sigpipe.hpp"
#include "net/client/curl_error.hpp"
#include "net/process/wait_fd.hpp"

namespace ottobot::net {
namespace {

constexpr int kPollMs = 50;  // how late a fired stop token may be noticed while connecting

// The outcome of the one transfer, if it has one yet.
std::optional<CURLcode> finished(CURLM* multi) {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg == CURLMSG_DONE) return message->data.result;
  }
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<RawConnection>> RawConnection::open(const std::string& url, const std::string& ca_file,
                                                           const CallContext& ctx) {
  if (auto ready = init_curl(); !ready) return fail(ready.error());
  const auto parts = parse_url(url);
  if (!parts || (parts->scheme != "http" && parts->scheme != "https")) {
    return invalid_argument("not an http or https URL: \"" + url + "\"");
  }
  std::unique_ptr<RawConnection> connection(new RawConnection(url));
  if (!connection->easy_ || !connection->multi_) return resource_exhausted("no memory for a connection");
  connection->set_options(*parts);
  if (!ca_file.empty()) curl_easy_setopt(connection->easy_.get(), CURLOPT_CAINFO, ca_file.c_str());
  if (auto connected = connection->connect(ctx); !connected) return fail(connected.error());
  return connection;
}

void RawConnection::set_options(const UrlParts& url) {
  CURL* const easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_URL, url_.c_str());
  curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  // Nothing but HTTP/1.1 may be agreed on: what follows is ours.
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
  if (is_loopback(url.host)) curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text_);
}

Result<void> RawConnection::connect(const CallContext& ctx) {
  curl_multi_add_handle(multi_.get(), easy_.get());
  std::optional<CURLcode> outcome;
  while (!outcome) {
    if (auto live = ctx.check(); !live) return live;
    int running = 0;
    const BlockedSigpipe no_signal;
    if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) return internal_error("libcurl's multi handle broke");
    outcome = finished(multi_.get());
    if (!outcome) curl_multi_poll(multi_.get(), nullptr, 0, kPollMs, nullptr);
  }
  if (*outcome != CURLE_OK) return fail(curl_error(*outcome, error_text_, url_));
  curl_socket_t socket = CURL_SOCKET_BAD;
  if (curl_easy_getinfo(easy_.get(), CURLINFO_ACTIVESOCKET, &socket) != CURLE_OK || socket == CURL_SOCKET_BAD) {
    return internal_error("libcurl has no socket of its connection");
  }
  socket_ = socket;
  return {};
}

Result<std::string> RawConnection::receive(const CallContext& ctx) {
  std::array<char, 16 << 10> chunk;
  for (;;) {
    std::size_t got = 0;
    CURLcode code = CURLE_OK;
    {
      const BlockedSigpipe no_signal;
      const std::lock_guard lock(mutex_);
      code = curl_easy_recv(easy_.get(), chunk.data(), chunk.size(), &got);
    }
    if (code == CURLE_OK && got > 0) return std::string(chunk.data(), got);
    if (code == CURLE_OK) return unavailable("the peer closed the connection");
    if (code != CURLE_AGAIN) return fail(curl_error(code, nullptr, url_));
    if (auto ready = wait_fd(socket_, POLLIN, ctx); !ready) return fail(ready.error());
  }
}

Result<void> RawConnection::send(std::string_view bytes, const CallContext& ctx) {
  while (!bytes.empty()) {
    std::size_t sent = 0;
    CURLcode code = CURLE_OK;
    {
      const BlockedSigpipe no_signal;
      const std::lock_guard lock(mutex_);
      code = curl_easy_send(easy_.get(), bytes.data(), bytes.size(), &sent);
    }
    bytes.remove_prefix(code == CURLE_OK ? sent : 0);
    if (code == CURLE_OK) continue;
    if (code != CURLE_AGAIN) return fail(curl_error(code, nullptr, url_));
    if (auto ready = wait_fd(socket_, POLLOUT, ctx); !ready) return ready;
  }
  return {};
}

RawConnection::~RawConnection() {
  const BlockedSigpipe no_signal;
  curl_multi_remove_handle(multi_.get(), easy_.get());
  multi_.reset();
}

void RawConnection::shut_down() { ::shutdown(socket_, SHUT_RDWR); }

}  // namespace ottobot::net
