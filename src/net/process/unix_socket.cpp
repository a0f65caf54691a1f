#include "net/process/unix_socket.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "net/process/checked_socket.hpp"
#include "net/process/wait_fd.hpp"

namespace ottobot::net {
namespace {

using namespace std::chrono_literals;

Result<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path || path.find('\0') != std::string::npos) {
    return invalid_argument("not usable as the path of a unix socket: \"" + path + "\"",
                            "use a path of 1 to 107 bytes");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Failure connect_failure(const std::string& where, int errno_value) {
  switch (errno_value) {
    case EACCES:
    case EPERM:
      return permission_denied("no access to " + where);
    default:
      return unavailable("cannot connect to " + where + ": " + std::strerror(errno_value));
  }
}

// A unix socket whose backlog is full refuses a non-blocking connect with EAGAIN and gives nothing to poll for.
Result<void> connect_with_retry(int fd, const sockaddr_un& address, const std::string& path, const CallContext& ctx) {
  while (true) {
    if (auto live = ctx.check(); !live) return live;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return {};
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return connect_failure(path, errno);
    auto pause = wait_fds({}, ctx.within(5ms));
    if (!pause && pause.error().code != ErrorCode::deadline_exceeded) return pause;
  }
}

Result<void> finish_tcp_connect(int fd, const std::string& where, const CallContext& ctx) {
  if (auto ready = wait_fd(fd, POLLOUT, ctx); !ready) return fail(ready.error(), "connect to " + where);
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return connect_failure(where, error);
  return {};
}

Result<UniqueFd> connect_address(const sockaddr* address, socklen_t size, const std::string& where,
                                 const CallContext& ctx) {
  UniqueFd fd(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return errno_error("socket", errno);
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd.get(), address, size) == 0) return fd;
  if (errno != EINPROGRESS && errno != EINTR) return connect_failure(where, errno);
  if (auto done = finish_tcp_connect(fd.get(), where, ctx); !done) return fail(done.error());
  return fd;
}

struct HostPort {
  std::string host;
  int port = 0;
};

Result<HostPort> parse_http_url(std::string_view url) {
  const auto bad = [url] { return invalid_argument("not an endpoint: \"" + std::string(url) + "\""); };
  std::string_view rest = url;
  rest.remove_prefix(std::string_view("http://").size());
  rest = rest.substr(0, rest.find('/'));
  const bool bracketed = !rest.empty() && rest.front() == '[';
  const std::size_t host_end = bracketed ? rest.find(']') : rest.rfind(':');
  HostPort result;
  result.port = 80;
  if (bracketed && host_end == std::string_view::npos) return bad();
  result.host = std::string(bracketed ? rest.substr(1, host_end - 1) : rest.substr(0, host_end));
  std::string_view port = rest.substr(std::min(rest.size(), bracketed ? host_end + 1 : host_end));
  if (!port.empty()) {
    port.remove_prefix(1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), result.port);
    if (error != std::errc{} || end != port.data() + port.size()) return bad();
  }
  if (result.host.empty()) return bad();
  return result;
}

// conflict when somebody answers at `path`; a socket that nobody listens on is removed.
Result<void> clear_stale_socket(const std::string& path, const sockaddr_un& address) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? Result<void>{} : Result<void>(errno_error(path, errno));
  }
  if (!S_ISSOCK(info.st_mode)) return conflict(path + " exists and is not a socket", "choose another path");
  UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return errno_error("socket", errno);
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN) {
    return conflict("another process listens on " + path, "stop it, or choose another path");
  }
  if (errno != ECONNREFUSED) return errno_error(path, errno);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return errno_error(path, errno);
  return {};
}

}  // namespace

std::string unix_path_of(const std::string& endpoint_url) {
  std::string path = endpoint_url.substr(std::string_view("unix:").size());
  if (path.rfind("//", 0) == 0) path.erase(0, 2);
  return path;
}

Result<UniqueFd> open_socket_file(const std::string& path) {
  if (auto usable = unix_address(path); !usable) return fail(usable.error());
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC | O_NOFOLLOW;
  how.resolve = RESOLVE_NO_SYMLINKS;
  UniqueFd file(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
  if (!file) {
    if (errno == ELOOP) return permission_denied(path + " leads through a symbolic link");
    return connect_failure(path, errno);
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return errno_error(path, errno);
  if (!S_ISSOCK(info.st_mode)) return permission_denied(path + " is not a socket");
  return file;
}

Result<void> check_peer(int fd, uid_t expected, const std::string& path) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return errno_error("SO_PEERCRED", errno);
  if (peer.uid != expected) {
    return permission_denied("the peer at " + path + " runs as uid " + std::to_string(peer.uid) + ", not " +
                             std::to_string(expected));
  }
  return {};
}

Result<UniqueFd> connect_unix(const std::string& path, std::optional<uid_t> peer_uid, const CallContext& ctx) {
  auto file = open_socket_file(path);
  if (!file) return fail(file.error());
  auto address = unix_address("/proc/self/fd/" + std::to_string(file->get()));
  if (!address) return fail(address.error());
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return errno_error("socket", errno);
  if (auto done = connect_with_retry(fd.get(), *address, path, ctx); !done) return fail(done.error());
  if (peer_uid) {
    if (auto right = check_peer(fd.get(), *peer_uid, path); !right) return fail(right.error());
  }
  return fd;
}

Result<UniqueFd> connect_tcp(const std::string& host, int port, const CallContext& ctx) {
  if (port < 1 || port > 65535) return invalid_argument("no such port: " + std::to_string(port));
  const std::string where = host + ":" + std::to_string(port);
  const auto network_port = htons(static_cast<std::uint16_t>(port));
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = network_port;
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = network_port;
  if (host == "localhost") {
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    v6.sin6_addr = in6addr_loopback;
    auto first = connect_address(reinterpret_cast<const sockaddr*>(&v4), sizeof v4, where, ctx);
    if (first || first.error().code != ErrorCode::unavailable) return first;
    auto second = connect_address(reinterpret_cast<const sockaddr*>(&v6), sizeof v6, where, ctx);
    return second ? std::move(second) : std::move(first);
  }
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    return connect_address(reinterpret_cast<const sockaddr*>(&v4), sizeof v4, where, ctx);
  }
  if (::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    return connect_address(reinterpret_cast<const sockaddr*>(&v6), sizeof v6, where, ctx);
  }
  return invalid_argument("\"" + host + "\" is no IP address",
                          "names are not looked up here; use an address or localhost");
}

Result<UniqueFd> connect_endpoint(const Endpoint& endpoint, const CallContext& ctx) {
  if (endpoint.url.rfind("unix:", 0) == 0) {
    return connect_unix(unix_path_of(endpoint.url), endpoint.peer_uid, ctx);
  }
  if (endpoint.url.rfind("http://", 0) == 0) {
    auto target = parse_http_url(endpoint.url);
    if (!target) return fail(target.error());
    return connect_tcp(target->host, target->port, ctx);
  }
  return invalid_argument("not an endpoint: \"" + endpoint.url + "\"", "use unix:/path or http://ADDRESS:PORT");
}

Result<UniqueFd> listen_unix(const std::string& path, unsigned mode) {
  auto address = unix_address(path);
  if (!address) return fail(address.error());
  if (auto cleared = clear_stale_socket(path, *address); !cleared) return fail(cleared.error());
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return errno_error("socket", errno);
  // The file is born with this mode less the umask, so there is no moment in which it is more open than asked for.
  ::fchmod(fd.get(), mode);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    if (errno == EADDRINUSE) return conflict("another process listens on " + path, "stop it, or choose another path");
    if (errno == ENOENT || errno == ENOTDIR) return invalid_argument("the folder of " + path + " does not exist");
    return errno_error(path, errno);
  }
  if (::chmod(path.c_str(), mode) != 0) return errno_error(path, errno);
  if (::listen(fd.get(), SOMAXCONN) != 0) return errno_error("listen on " + path, errno);
  return fd;
}

}  // namespace ottobot::net
