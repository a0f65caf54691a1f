#include "net/client/stream_request.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "net/client/response_parser.hpp"
#include "net/process/wait_fd.hpp"

namespace ottobot::net {
namespace {

constexpr std::size_t kPiece = 64 << 10;

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

Result<std::string> serialize_head(const HttpRequest& request) {
  if (has_control(request.method + request.url) || request.url.find(' ') != std::string::npos) {
    return invalid_argument("not a method or request target that HTTP can carry");
  }
  std::string head = request.method + " " + request.url + " HTTP/1.1\r\n";
  for (const auto& [name, value] : request.headers) {
    if (has_control(name) || has_control(value)) return invalid_argument("not a header field that HTTP can carry");
    head.append(name).append(": ").append(value).append("\r\n");
  }
  return head + "\r\n";
}

class StreamRequest {
 public:
  StreamRequest(RawStream stream, const HttpRequest& request, ResponseSink& sink)
      : stream_(std::move(stream)), request_(request), parser_(request.method == "HEAD", sink) {}

  Result<std::optional<RawStream>> run(const CallContext& ctx) {
    auto head = serialize_head(request_);
    if (!head) return fail(head.error());
    unsent_ = std::move(*head) + request_.body;
    body_left_ = static_cast<bool>(request_.body_source);
    auto good = take(std::exchange(stream_.early_bytes, {}));
    while (good && !parser_.done()) good = step(ctx);
    if (!good) return fail(good.error());
    if (!parser_.switched_protocols()) return std::nullopt;
    return std::move(stream_);
  }

 private:
  // Both ways at once: a peer may answer while it still reads.
  Result<void> step(const CallContext& ctx) {
    if (unsent_.empty() && body_left_) refill();
    const auto wanted = static_cast<short>(unsent_.empty() ? POLLIN : POLLIN | POLLOUT);
    pollfd event{stream_.fd.get(), wanted, 0};
    const bool bounded = request_.idle_timeout.count() > 0;
    if (auto ready = wait_fds({&event, 1}, bounded ? ctx.within(request_.idle_timeout) : ctx); !ready) return ready;
    if ((event.revents & POLLOUT) != 0) send_some();
    if ((event.revents & ~POLLOUT) != 0) return receive_some();
    return {};
  }

  void refill() {
    unsent_.resize(kPiece);
    unsent_.resize(request_.body_source(unsent_.data(), unsent_.size()));
    body_left_ = !unsent_.empty();
  }

  void send_some() {
    const ssize_t sent = ::send(stream_.fd.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent > 0) unsent_.erase(0, static_cast<std::size_t>(sent));
    if (sent >= 0 || errno == EAGAIN || errno == EINTR) return;
    unsent_.clear();  // it may have answered before it closed
    body_left_ = false;
  }

  Result<void> receive_some() {
    const ssize_t got = ::recv(stream_.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (got > 0) return take({buffer_.data(), static_cast<std::size_t>(got)});
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    return parser_.end();
  }

  Result<void> take(std::string_view bytes) {
    const auto taken = parser_.feed(bytes);
    if (!taken) return fail(taken.error());
    if (parser_.switched_protocols()) stream_.early_bytes = bytes.substr(*taken);
    return {};
  }

  RawStream stream_;
  const HttpRequest& request_;
  ResponseParser parser_;
  std::string unsent_;
  bool body_left_ = false;
  std::array<char, kPiece> buffer_;
};

}  // namespace

Result<std::optional<RawStream>> request_over(RawStream stream, const HttpRequest& request, ResponseSink& sink,
                                              const CallContext& ctx) {
  return StreamRequest(std::move(stream), request, sink).run(ctx);
}

}  // namespace ottobot::net
