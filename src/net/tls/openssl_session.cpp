#include "net/tls/openssl_session.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace ottobot::net {
namespace {

constexpr std::size_t kMaxRecord = 16 << 10;

constexpr std::string_view kPlainHttpAnswer =
    "HTTP/1.1 400 Bad Request\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 23\r\n"
    "Connection: close\r\n"
    "\r\n"
    "this port speaks https\n";

// What to write at once: small pieces share a record, by way of `room`.
std::string_view gather(std::span<const iovec> pieces, std::span<char> room) {
  const iovec& first = pieces.front();
  if (pieces.size() == 1 || first.iov_len >= room.size()) {
    return {static_cast<const char*>(first.iov_base), first.iov_len};
  }
  std::size_t size = 0;
  for (const iovec& piece : pieces) {
    const std::size_t part = std::min(piece.iov_len, room.size() - size);
    std::memcpy(room.data() + size, piece.iov_base, part);
    size += part;
  }
  return {room.data(), size};
}

}  // namespace

OpenSslSession::OpenSslSession(SslPtr ssl, int fd, Logger& logger, Side side)
    : ssl_(std::move(ssl)), logger_(logger), state_(side == Side::server ? State::fresh : State::open) {
  socket_.fd = fd;
  BIO* bio = make_socket_bio(socket_);
  if (bio == nullptr) return;
  SSL_set_bio(ssl_.get(), bio, bio);
  if (side == Side::server) {
    SSL_set_accept_state(ssl_.get());
  } else {
    SSL_set_connect_state(ssl_.get());
  }
  has_bio_ = true;
}

// The first byte tells: a TLS record of a handshake has 0x16, a request of HTTP a capital letter.
IoCount OpenSslSession::begin() {
  char first = 0;
  const ssize_t got = ::recv(socket_.fd, &first, 1, MSG_PEEK);
  if (got < 0) return failed_io(errno);
  if (got == 0) return {IoCount::Status::end, 0};
  if (first >= 'A' && first <= 'Z') return refuse_plain_http();
  state_ = State::open;
  return {IoCount::Status::ok, 1};
}

IoCount OpenSslSession::refuse_plain_http() {
  state_ = State::plain;
  (void)::send(socket_.fd, kPlainHttpAnswer.data(), kPlainHttpAnswer.size(), MSG_NOSIGNAL);
  return {IoCount::Status::end, 0};
}

IoCount OpenSslSession::read_some(std::span<char> buffer) {
  if (state_ == State::fresh) {
    const IoCount first = begin();
    if (first.status != IoCount::Status::ok) return first;
  }
  if (state_ == State::broken) return {IoCount::Status::failed, 0};
  if (state_ == State::plain) {
    const ssize_t got = ::recv(socket_.fd, buffer.data(), buffer.size(), 0);
    if (got < 0) return failed_io(errno);
    return {got == 0 ? IoCount::Status::end : IoCount::Status::ok, static_cast<std::size_t>(got)};
  }
  ERR_clear_error();
  std::size_t got = 0;
  if (SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &got) != 1) return problem(read_wait_);
  read_wait_ = IoWait::nothing;
  return {IoCount::Status::ok, got};
}

IoCount OpenSslSession::write_some(std::span<const iovec> pieces) {
  if (state_ == State::fresh) {
    const IoCount first = begin();
    if (first.status == IoCount::Status::blocked) write_wait_ = IoWait::readable;
    if (first.status != IoCount::Status::ok) return first;
  }
  if (state_ != State::open) return {IoCount::Status::failed, 0};
  std::array<char, kMaxRecord> room;
  const std::string_view bytes = gather(pieces, room);
  // A handshake reads, and may read what comes behind it.
  if (SSL_in_init(ssl_.get()) == 1) read_wait_ = IoWait::nothing;
  std::size_t total = 0;
  while (total < bytes.size()) {
    ERR_clear_error();
    std::size_t sent = 0;
    if (SSL_write_ex(ssl_.get(), bytes.data() + total, bytes.size() - total, &sent) != 1) {
      const IoCount why = problem(write_wait_);
      return total > 0 ? IoCount{IoCount::Status::ok, total} : why;
    }
    write_wait_ = IoWait::nothing;
    total += sent;
  }
  return {IoCount::Status::ok, total};
}

IoCount OpenSslSession::problem(IoWait& wait) {
  wait = IoWait::nothing;
  switch (SSL_get_error(ssl_.get(), 0)) {
    case SSL_ERROR_WANT_READ:
      wait = IoWait::readable;
      return {IoCount::Status::blocked, 0};
    case SSL_ERROR_WANT_WRITE:
      wait = IoWait::writable;
      return {IoCount::Status::blocked, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {IoCount::Status::end, 0};
    case SSL_ERROR_SSL:
      logger_.debug("TLS failed", {{"reason", openssl_reason()}});
      break;
    default:
      break;
  }
  state_ = State::broken;
  return {IoCount::Status::failed, 0};
}

// A whole record that OpenSSL has read already makes no socket readable.
IoWait OpenSslSession::before_read() const {
  if (state_ == State::broken) return IoWait::nothing;
  if (read_wait_ != IoWait::nothing) return read_wait_;
  return state_ == State::open && SSL_has_pending(ssl_.get()) == 1 ? IoWait::nothing : IoWait::readable;
}

bool OpenSslSession::shutdown_send() {
  const bool in_handshake = state_ == State::fresh || (state_ == State::open && SSL_in_init(ssl_.get()) == 1);
  if (in_handshake) state_ = State::broken;
  if (!say_goodbye()) return false;
  if (socket_.fd >= 0) ::shutdown(socket_.fd, SHUT_WR);
  return true;
}

// close_notify; true when there is nothing left to do about it.
bool OpenSslSession::say_goodbye() {
  if (said_goodbye_ || socket_.fd < 0 || state_ != State::open || SSL_in_init(ssl_.get()) == 1) return true;
  if (write_wait_ != IoWait::nothing) return true;  // in the middle of a record
  ERR_clear_error();
  const int result = SSL_shutdown(ssl_.get());
  if (result < 0 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_WRITE) return false;
  said_goodbye_ = true;
  return true;
}

void OpenSslSession::close() {
  (void)say_goodbye();
  socket_.fd = -1;
}

}  // namespace ottobot::net
