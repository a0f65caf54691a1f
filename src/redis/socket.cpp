#include "redis/socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "net/process/connect_host.hpp"
#include "net/process/unix_socket.hpp"
#include "net/tls/tls_client.hpp"
#include "redis/server_error.hpp"

namespace ottobot::redis {
namespace {

short events_of(net::IoWait wait) {
  switch (wait) {
    case net::IoWait::readable:
      return POLLIN;
    case net::IoWait::writable:
      return POLLOUT;
    default:
      return 0;
  }
}

// The kernel finds out about a host that is gone, also when nothing is said for long.
void notice_dead_hosts(int fd) {
  const int on = 1, idle_s = 10, interval_s = 5, probes = 3;
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

Result<net::UniqueFd> connect_host(const Address& address, const CallContext& ctx) {
  auto fd = net::connect_host(address.host, address.port, ctx);
  if (fd) notice_dead_hosts(fd->get());
  return fd;
}

Result<net::UniqueFd> connect_path(const std::string& path, const CallContext& ctx) {
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  if (error) return unavailable("cannot connect to " + path + ": " + error.message(), std::string(kUnreachableHint));
  return net::connect_unix(real.string(), std::nullopt, ctx);
}

}  // namespace

std::string Address::text() const {
  if (!unix_path.empty()) return unix_path;
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

Result<Socket> Socket::connect(const Address& address, const RedisOptions& options, const CallContext& ctx) {
  auto fd = address.unix_path.empty() ? connect_host(address, ctx) : connect_path(address.unix_path, ctx);
  if (!fd) return fail(fd.error());
  if (!options.tls) return Socket(std::move(*fd), nullptr);
  auto tls = net::connect_tls(fd->get(), {address.host, options.ca_file}, ctx);
  if (!tls) return fail(tls.error());
  return Socket(std::move(*fd), std::move(*tls));
}

Socket::~Socket() {
  if (tls_) tls_->close();
}

short Socket::wants_read() const { return tls_ ? events_of(tls_->before_read()) : static_cast<short>(POLLIN); }

short Socket::wants_write() const { return tls_ ? events_of(tls_->before_write()) : static_cast<short>(POLLOUT); }

net::IoCount Socket::read_some(std::span<char> buffer) {
  if (tls_) return tls_->read_some(buffer);
  const ssize_t count = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
  if (count < 0) return net::failed_io(errno);
  if (count == 0) return {net::IoCount::Status::end, 0};
  return {net::IoCount::Status::ok, static_cast<std::size_t>(count)};
}

net::IoCount Socket::write_some(std::string_view bytes) {
  const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  if (tls_) return tls_->write_some({&piece, 1});
  const ssize_t count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count < 0) return net::failed_io(errno);
  return {net::IoCount::Status::ok, static_cast<std::size_t>(count)};
}

}  // namespace ottobot::redis
