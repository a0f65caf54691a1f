// TLS as the server sees it. The server itself knows no TLS library, because ottobot-sandboxd is linked without one;
// net/tls has the implementation.
#pragma once

#include <sys/uio.h>

#include <memory>
#include <span>

#include "net/server/io_count.hpp"

namespace ottobot::net {

// One end of a TLS connection, over a non-blocking socket that its owner closes. One thread at a time.
class TlsSession {
 public:
  virtual ~TlsSession() = default;

  // As recv(2), of decrypted bytes; a server's handshake is part of the first calls. A peer that hangs up without
  // close_notify has ended all the same. A client that speaks plain HTTP is answered, and has ended.
  virtual IoCount read_some(std::span<char> buffer) = 0;
  // As sendmsg(2). What was not taken is what the next call must begin with: a part of it may be on its way.
  virtual IoCount write_some(std::span<const iovec> pieces) = 0;
  // What the next call of these can be made for at the earliest.
  virtual IoWait before_read() const = 0;
  virtual IoWait before_write() const = 0;

  // Sends close_notify, then FIN. False when the socket takes nothing for now: to be called again when it does. During
  // the handshake it ends the connection.
  virtual bool shutdown_send() = 0;
  // Sends close_notify if it can be sent at once. The socket is not used any more.
  virtual void close() = 0;
};

// What the connections of a listener have in common. Thread-safe.
class TlsContext {
 public:
  virtual ~TlsContext() = default;
  // Null when memory is short. `fd` stays open until TlsSession::close().
  virtual std::shared_ptr<TlsSession> accept(int fd) = 0;
};

}  // namespace ottobot::net
