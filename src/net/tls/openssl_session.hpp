// One TLS connection, by OpenSSL: a server's end of it, or a client's. Private to net/tls.
#pragma once

#include "net/server/tls.hpp"
#include "net/tls/openssl_ptr.hpp"
#include "net/tls/socket_bio.hpp"
#include "ottobot/log.hpp"

namespace ottobot::net {

class OpenSslSession final : public TlsSession {
 public:
  enum class Side { server, client };

  OpenSslSession(SslPtr ssl, int fd, Logger& logger, Side side = Side::server);
  // False when memory was short.
  bool valid() const { return has_bio_; }

  IoCount read_some(std::span<char> buffer) override;
  IoCount write_some(std::span<const iovec> pieces) override;
  IoWait before_read() const override;
  IoWait before_write() const override { return write_wait_ == IoWait::nothing ? IoWait::writable : write_wait_; }
  bool shutdown_send() override;
  void close() override;

 private:
  // fresh → open (TLS, the handshake included), or plain: the client does not speak TLS and was told so.
  enum class State { fresh, open, plain, broken };

  IoCount begin();
  IoCount refuse_plain_http();
  IoCount problem(IoWait& wait);
  bool say_goodbye();

  BioSocket socket_;
  SslPtr ssl_;
  Logger& logger_;
  State state_ = State::fresh;
  IoWait read_wait_ = IoWait::nothing;   // of a read that was blocked
  IoWait write_wait_ = IoWait::nothing;  // of a write that was blocked: a part of its record may be sent
  bool said_goodbye_ = false;
  bool has_bio_ = false;
};

}  // namespace ottobot::net
