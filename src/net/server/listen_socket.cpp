#include "net/server/listen_socket.hpp"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "net/process/unix_socket.hpp"

namespace ottobot::net {

namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr int kBacklog = 1024;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Result<Address> parse_address(const std::string& text, int port) {
  if (port < 0 || port > 65535) return invalid_argument("port " + std::to_string(port) + " is not in 0..65535");
  const std::string host = text == "localhost" ? "127.0.0.1" : text;
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof *v4;
  } else if (::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof *v6;
  } else {
    return invalid_argument("cannot listen on \"" + text + "\"", "give an IP address, localhost or unix:/path");
  }
  return address;
}

int bound_port(int fd) {
  Address address;
  address.size = sizeof address.storage;
  if (::getsockname(fd, address.get(), &address.size) != 0) return 0;
  // sin_port and sin6_port share their place.
  return ntohs(reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port);
}

Failure bind_error(const ListenOptions& options, int error) {
  const std::string where = options.address + ":" + std::to_string(options.port);
  if (error == EADDRINUSE) {
    return conflict(where + " is already in use",
                    "choose another port (0 picks a free one) or stop what listens there");
  }
  if (error == EACCES || error == EPERM) {
    return permission_denied("not allowed to listen on " + where, "ports below 1024 need privileges; use a higher one");
  }
  if (error == EADDRNOTAVAIL) return invalid_argument(options.address + " is no address of this host");
  return errno_error("listen on " + where, error);
}

Result<ListenSocket> listen_tcp(const ListenOptions& options) {
  auto address = parse_address(options.address, options.port);
  if (!address) return fail(address.error());
  UniqueFd fd(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return errno_error("socket", errno);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd.get(), address->get(), address->size) != 0 || ::listen(fd.get(), kBacklog) != 0) {
    return bind_error(options, errno);
  }
  const int port = bound_port(fd.get());
  return ListenSocket{std::move(fd), port, {}};
}

std::string describe_unix_peer(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return "unix:";
  return "unix:uid=" + std::to_string(peer.uid) + ",pid=" + std::to_string(peer.pid);
}

}  // namespace

Result<ListenSocket> open_listen_socket(const ListenOptions& options) {
  if (options.address.compare(0, kUnixPrefix.size(), kUnixPrefix) != 0) return listen_tcp(options);
  const std::string path = options.address.substr(kUnixPrefix.size());
  auto fd = listen_unix(path, options.unix_mode);
  if (!fd) return fail(fd.error());
  return ListenSocket{std::move(*fd), 0, path};
}

void ignore_new_connections(int fd) {
  constexpr unsigned kFlags = 13, kSyn = 0x02;  // of the TCP header
  std::array<sock_filter, 4> program{{{BPF_LD | BPF_B | BPF_ABS, 0, 0, kFlags},
                                      {BPF_JMP | BPF_JSET | BPF_K, 0, 1, kSyn},
                                      {BPF_RET | BPF_K, 0, 0, 0},
                                      {BPF_RET | BPF_K, 0, 0, 0xffffffff}}};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  const bool is_tcp =
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 && address.ss_family != AF_UNIX;
  // Without it, a connection that is made at the wrong moment is reset.
  if (is_tcp) ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

std::string describe_peer(int fd) {
  Address address;
  address.size = sizeof address.storage;
  if (::getpeername(fd, address.get(), &address.size) != 0) return "unknown";
  char text[INET6_ADDRSTRLEN] = "";
  if (address.storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address.storage);
    ::inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    return std::string(text) + ":" + std::to_string(ntohs(v4->sin_port));
  }
  if (address.storage.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    ::inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
    return "[" + std::string(text) + "]:" + std::to_string(ntohs(v6->sin6_port));
  }
  return describe_unix_peer(fd);
}

}  // namespace ottobot::net
