#include "net/tls/socket_bio.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace ottobot::net {
namespace {

BioSocket& socket_of(BIO* bio) { return *static_cast<BioSocket*>(BIO_get_data(bio)); }

bool may_come(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

int read_bytes(BIO* bio, char* buffer, std::size_t size, std::size_t* count) {
  BIO_clear_retry_flags(bio);
  const ssize_t got = ::recv(socket_of(bio).fd, buffer, size, 0);
  *count = got > 0 ? static_cast<std::size_t>(got) : 0;
  if (got == 0) socket_of(bio).ended = true;
  if (got < 0 && may_come(errno)) BIO_set_retry_read(bio);
  return got > 0 ? 1 : 0;
}

int write_bytes(BIO* bio, const char* bytes, std::size_t size, std::size_t* count) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = ::send(socket_of(bio).fd, bytes, size, MSG_NOSIGNAL);
  *count = sent > 0 ? static_cast<std::size_t>(sent) : 0;
  if (sent < 0 && may_come(errno)) BIO_set_retry_write(bio);
  return sent > 0 ? 1 : 0;
}

long control(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return socket_of(bio).ended ? 1 : 0;
    default:
      return 0;
  }
}

BIO_METHOD* make_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ottobot socket");
  if (method == nullptr) return nullptr;
  BIO_meth_set_read_ex(method, read_bytes);
  BIO_meth_set_write_ex(method, write_bytes);
  BIO_meth_set_ctrl(method, control);
  return method;
}

}  // namespace

BIO* make_socket_bio(BioSocket& socket) {
  static BIO_METHOD* const method = make_method();  // for the whole program
  BIO* bio = method != nullptr ? BIO_new(method) : nullptr;
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, &socket);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace ottobot::net
