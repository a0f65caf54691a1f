// A BIO over a non-blocking socket. OpenSSL's own writes by write(2), which raises SIGPIPE when the peer is gone.
// Private to net/tls.
#pragma once

#include <openssl/bio.h>

namespace ottobot::net {

struct BioSocket {
  int fd = -1;
  bool ended = false;  // the peer sent FIN
};

// `socket` is borrowed until the BIO is freed. Null when memory is short.
BIO* make_socket_bio(BioSocket& socket);

}  // namespace ottobot::net
