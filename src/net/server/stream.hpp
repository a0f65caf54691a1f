// A connected, non-blocking stream socket on an I/O loop, plain or with TLS: everything else sees only these calls.
//
// Used on the loop's thread only. Waiting handlers are called on it; none after close().
#pragma once

#include <sys/uio.h>

#include <asio/posix/stream_descriptor.hpp>
#include <memory>
#include <span>

#include "net/server/io_loop.hpp"
#include "net/server/tls.hpp"
#include "net/unique_fd.hpp"

namespace ottobot::net {

class Stream {
 public:
  // `fd` is made non-blocking. Invalid (open() is false) when the loop cannot take it. `tls` was made for it; null =
  // plain.
  Stream(std::shared_ptr<IoLoop> loop, UniqueFd fd, std::shared_ptr<TlsSession> tls = nullptr);
  Stream(Stream&&) = default;
  ~Stream() {
    if (tls_) tls_->close();
  }

  bool open() const { return descriptor_.is_open(); }
  IoLoop& loop() const { return *loop_; }
  const std::shared_ptr<IoLoop>& shared_loop() const { return loop_; }

  IoCount read_some(std::span<char> buffer);
  // What was not taken is what the next call begins with.
  IoCount write_some(std::span<const iovec> pieces);
  // `handler()` runs when the next read or write would not block, or the socket broke.
  template <class Function>
  void wait_readable(Function handler) {
    wait(tls_ ? tls_->before_read() : IoWait::readable, std::move(handler));
  }
  template <class Function>
  void wait_writable(Function handler) {
    wait(tls_ ? tls_->before_write() : IoWait::writable, std::move(handler));
  }
  void shutdown_send();
  void close();
  // For the next owner; waits of this one are cancelled, but one whose handler is already queued still runs.
  Stream take();

 private:
  template <class Function>
  void wait(IoWait what, Function handler) {
    // Not at once: between two handlers of one connection, all others have their turn.
    if (what == IoWait::nothing) return loop_->post(std::move(handler));
    const auto type = what == IoWait::readable ? asio::posix::stream_descriptor::wait_read
                                               : asio::posix::stream_descriptor::wait_write;
    descriptor_.async_wait(type, [handler = std::move(handler)](const asio::error_code& error) mutable {
      if (error != asio::error::operation_aborted) handler();
    });
  }

  std::shared_ptr<IoLoop> loop_;
  asio::posix::stream_descriptor descriptor_;
  std::shared_ptr<TlsSession> tls_;  // null = plain
};

}  // namespace ottobot::net
