// A connection that is upgraded to a raw byte stream. Source: RFC 9110 §7.8.
#include <sys/socket.h>

#include <cerrno>
#include <charconv>

#include "net/http_types.hpp"
#include "net/process/unix_socket.hpp"
#include "net/process/wait_fd.hpp"
#include "ottobot/json.hpp"

namespace ottobot::net {
namespace {

constexpr std::size_t kMaxHeadBytes = 32 << 10;
constexpr std::size_t kMaxErrorBytes = 4 << 10;

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 0x20 && c != 0x7f; });
}

Result<void> send_all(int fd, std::string_view bytes, const CallContext& ctx) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (auto ready = wait_fd(fd, POLLOUT, ctx); !ready) return ready;
    } else if (errno != EINTR) {
      return unavailable("the connection was lost while the upgrade was asked for");
    }
  }
  return {};
}

// Appends what there is; false at the end of the stream.
Result<bool> receive_some(int fd, std::string& buffer, const CallContext& ctx) {
  char chunk[8192];
  while (true) {
    const ssize_t got = ::recv(fd, chunk, sizeof chunk, 0);
    if (got > 0) {
      buffer.append(chunk, static_cast<std::size_t>(got));
      return true;
    }
    if (got == 0) return false;
    if (errno == EAGAIN) {
      if (auto ready = wait_fd(fd, POLLIN, ctx); !ready) return fail(ready.error());
    } else if (errno != EINTR) {
      return false;
    }
  }
}

struct Head {
  int status = 0;
  std::size_t content_length = 0;
  std::string rest;  // what came behind the head
};

std::size_t parse_content_length(std::string_view head) {
  for (std::size_t start = 0; start < head.size();) {
    const std::size_t end = std::min(head.find("\r\n", start), head.size());
    const std::string_view line = head.substr(start, end - start);
    const std::size_t colon = line.find(':');
    start = end + 2;
    if (colon == std::string_view::npos || !equals_ignore_case(line.substr(0, colon), "content-length")) continue;
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    std::size_t length = 0;
    std::from_chars(value.data(), value.data() + value.size(), length);
    return length;
  }
  return 0;
}

Result<Head> receive_head(int fd, const CallContext& ctx) {
  std::string buffer;
  std::size_t end = std::string::npos;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (buffer.size() > kMaxHeadBytes) return internal_error("the peer's answer to an upgrade has no end");
    auto more = receive_some(fd, buffer, ctx);
    if (!more) return fail(more.error());
    if (!*more) return unavailable("the peer closed the connection instead of upgrading it");
  }
  Head head;
  const std::string_view text = std::string_view(buffer).substr(0, end);
  const bool is_http = text.rfind("HTTP/1.", 0) == 0 && text.size() >= 12;
  if (!is_http || std::from_chars(text.data() + 9, text.data() + 12, head.status).ec != std::errc{}) {
    return internal_error("the peer does not speak HTTP");
  }
  head.content_length = parse_content_length(text);
  head.rest = buffer.substr(end + 4);
  return head;
}

Failure refusal(int status, const std::string& message) {
  switch (status) {
    case 400:
      return invalid_argument(message);
    case 401:
      return unauthenticated(message);
    case 403:
      return permission_denied(message);
    case 404:
      return not_found(message);
    case 409:
      return conflict(message);
    case 429:
      return resource_exhausted(message);
    case 426:
    case 501:
      return unsupported(message);
    default:
      return status >= 500 ? unavailable(message) : internal_error(message);
  }
}

Failure read_refusal(int fd, Head head, const std::string& path, const CallContext& ctx) {
  const std::size_t wanted = std::min(head.content_length, kMaxErrorBytes);
  while (head.rest.size() < wanted) {
    auto more = receive_some(fd, head.rest, ctx);
    if (!more) return fail(more.error());
    if (!*more) break;
  }
  auto body = parse_json(head.rest);
  const std::string said = body ? get_string(*body, "message") : "";
  return refusal(head.status, path + " answered " + std::to_string(head.status) + " " +
                                  std::string(reason_phrase(head.status)) + (said.empty() ? "" : ": " + said));
}

}  // namespace

Result<RawStream> open_raw_stream(const Endpoint& endpoint, const std::string& path, const std::string& protocol,
                                  const CallContext& ctx) {
  if (path.empty() || path.front() != '/' || !is_printable(path) || !is_printable(protocol) ||
      !is_printable(endpoint.token)) {
    return invalid_argument("not a request target, protocol or token that HTTP can carry: " + path);
  }
  auto fd = connect_endpoint(endpoint, ctx);
  if (!fd) return fail(fd.error());
  std::string request =
      "GET " + path + " HTTP/1.1\r\nHost: sandbox.invalid\r\nConnection: Upgrade\r\nUpgrade: " + protocol;
  if (!endpoint.token.empty()) request += "\r\nAuthorization: Bearer " + endpoint.token;
  if (auto sent = send_all(fd->get(), request + "\r\n\r\n", ctx); !sent) return fail(sent.error());
  auto head = receive_head(fd->get(), ctx);
  if (!head) return fail(head.error());
  if (head->status != 101) return read_refusal(fd->get(), std::move(*head), path, ctx);
  return RawStream{std::move(*fd), std::move(head->rest)};
}

}  // namespace ottobot::net
