#include "net/server/stream.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

namespace ottobot::net {

namespace {

void send_small_writes_at_once(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // refused by unix sockets, which do not delay
}

}  // namespace

Stream::Stream(std::shared_ptr<IoLoop> loop, UniqueFd fd, std::shared_ptr<TlsSession> tls)
    : loop_(std::move(loop)), descriptor_(loop_->context()), tls_(std::move(tls)) {
  if (!fd) return;
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  send_small_writes_at_once(fd.get());
  asio::error_code error;
  descriptor_.assign(fd.get(), error);
  if (!error) fd.release();
}

IoCount Stream::read_some(std::span<char> buffer) {
  if (tls_) return tls_->read_some(buffer);
  const ssize_t count = ::recv(descriptor_.native_handle(), buffer.data(), buffer.size(), 0);
  if (count < 0) return failed_io(errno);
  if (count == 0) return {IoCount::Status::end, 0};
  return {IoCount::Status::ok, static_cast<std::size_t>(count)};
}

IoCount Stream::write_some(std::span<const iovec> pieces) {
  if (tls_) return tls_->write_some(pieces);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  const ssize_t count = ::sendmsg(descriptor_.native_handle(), &message, MSG_NOSIGNAL);
  if (count < 0) return failed_io(errno);
  return {IoCount::Status::ok, static_cast<std::size_t>(count)};
}

void Stream::shutdown_send() {
  if (!open()) return;
  if (!tls_) {
    ::shutdown(descriptor_.native_handle(), SHUT_WR);
  } else if (!tls_->shutdown_send()) {
    descriptor_.async_wait(asio::posix::stream_descriptor::wait_write, [tls = tls_](const asio::error_code& error) {
      if (!error) (void)tls->shutdown_send();
    });
  }
}

void Stream::close() {
  if (tls_) tls_->close();
  asio::error_code ignored;
  descriptor_.close(ignored);
}

Stream Stream::take() {
  asio::error_code ignored;
  descriptor_.cancel(ignored);
  return std::move(*this);
}

}  // namespace ottobot::net
