#include "containers/common/health.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>

#include "containers/common/wait_until.hpp"
#include "net/process/unix_socket.hpp"

namespace ottobot::containers {
namespace {

constexpr std::chrono::seconds kAnswerTime{2};
constexpr std::string_view kRequest = "GET /health HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n\r\n";
constexpr std::string_view kStatusLine = "HTTP/1.1 200";

Result<void> wait_for(int fd, short events, const CallContext& ctx) {
  for (;;) {
    if (auto more = ctx.check(); !more) return more;
    pollfd wait{fd, events, 0};
    const auto slice = std::min<std::chrono::milliseconds>(ctx.remaining(), std::chrono::milliseconds(20));
    if (::poll(&wait, 1, static_cast<int>(slice.count()) + 1) > 0) return {};
  }
}

bool would_block() { return errno == EAGAIN || errno == EINTR; }

Result<void> send_request(int fd, const CallContext& ctx) {
  std::string_view rest = kRequest;
  while (!rest.empty()) {
    if (auto ready = wait_for(fd, POLLOUT, ctx); !ready) return ready;
    const ssize_t sent = ::send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && would_block()) continue;
    if (sent < 0) return unavailable("the sandbox's daemon closed the connection");
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::string> read_status_line(int fd, const CallContext& ctx) {
  std::string answer;
  char buffer[256];
  while (answer.size() < kStatusLine.size()) {
    if (auto ready = wait_for(fd, POLLIN, ctx); !ready) return fail(ready.error());
    const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
    if (got < 0 && would_block()) continue;
    if (got <= 0) break;
    answer.append(buffer, static_cast<std::size_t>(got));
  }
  return answer.substr(0, kStatusLine.size());
}

// Errors: unavailable (nobody there, or any answer but 200), permission_denied, deadline_exceeded, cancelled.
Result<void> check_health(const Endpoint& endpoint, const CallContext& ctx) {
  auto socket = net::connect_endpoint(endpoint, ctx);
  if (!socket) return fail(socket.error());
  if (auto sent = send_request(socket->get(), ctx); !sent) return sent;
  auto status = read_status_line(socket->get(), ctx);
  if (!status) return fail(status.error());
  if (*status != kStatusLine) return unavailable("the sandbox's daemon is not healthy");
  return {};
}

}  // namespace

Result<void> await_daemon(const Endpoint& endpoint, const std::function<bool()>& runs, const CallContext& ctx) {
  Result<void> health;
  auto settled = wait_until(
      [&] {
        health = check_health(endpoint, ctx.within(kAnswerTime));
        return health || health.error().code == ErrorCode::permission_denied || !runs();
      },
      ctx);
  if (!settled) return fail(settled.error(), "the sandbox's daemon does not answer");
  if (health) return {};
  if (health.error().code == ErrorCode::permission_denied) return fail(health.error());
  return unavailable("the sandbox's daemon ended while starting");
}

}  // namespace ottobot::containers
