#include "net/server/stream.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

namespace ottobot::net {

namespace {

IoCount failure_of(int error) {
  const bool again = error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
  return {again ? IoCount::Status::blocked : IoCount::Status::failed, 0};
}

void send_small_writes_at_once(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // refused by unix sockets, which do not delay
}

}  // namespace

Stream::Stream(std::shared_ptr<IoLoop> loop, UniqueFd fd) : loop_(std::move(loop)), descriptor_(loop_->context()) {
  if (!fd) return;
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  send_small_writes_at_once(fd.get());
  asio::error_code error;
  descriptor_.assign(fd.get(), error);
  if (!error) fd.release();
}

IoCount Stream::read_some(std::span<char> buffer) {
  const ssize_t count = ::recv(descriptor_.native_handle(), buffer.data(), buffer.size(), 0);
  if (count < 0) return failure_of(errno);
  if (count == 0) return {IoCount::Status::end, 0};
  return {IoCount::Status::ok, static_cast<std::size_t>(count)};
}

IoCount Stream::write_some(std::span<const iovec> pieces) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  const ssize_t count = ::sendmsg(descriptor_.native_handle(), &message, MSG_NOSIGNAL);
  if (count < 0) return failure_of(errno);
  return {IoCount::Status::ok, static_cast<std::size_t>(count)};
}

void Stream::shutdown_send() {
  if (open()) ::shutdown(descriptor_.native_handle(), SHUT_WR);
}

void Stream::close() {
  asio::error_code ignored;
  descriptor_.close(ignored);
}

Stream Stream::take() {
  asio::error_code ignored;
  descriptor_.cancel(ignored);
  return std::move(*this);
}

}  // namespace ottobot::net
