// A connected, non-blocking stream socket on an I/O loop. The seam for TLS: everything else sees only these calls.
//
// Used on the loop's thread only. Waiting handlers are called on it; none after close().
#pragma once

#include <sys/uio.h>

#include <asio/posix/stream_descriptor.hpp>
#include <memory>
#include <span>

#include "net/server/io_loop.hpp"
#include "net/unique_fd.hpp"

namespace ottobot::net {

struct IoCount {
  enum class Status { ok, blocked, end, failed } status = Status::ok;
  std::size_t bytes = 0;  // > 0 when ok
};

class Stream {
 public:
  // `fd` is made non-blocking. Invalid (open() is false) when the loop cannot take it.
  Stream(std::shared_ptr<IoLoop> loop, UniqueFd fd);
  Stream(Stream&&) = default;

  bool open() const { return descriptor_.is_open(); }
  IoLoop& loop() const { return *loop_; }
  const std::shared_ptr<IoLoop>& shared_loop() const { return loop_; }

  IoCount read_some(std::span<char> buffer);
  IoCount write_some(std::span<const iovec> pieces);
  // `handler()` runs when the next read or write would not block, or the socket broke.
  template <class Function>
  void wait_readable(Function handler) {
    wait(asio::posix::stream_descriptor::wait_read, std::move(handler));
  }
  template <class Function>
  void wait_writable(Function handler) {
    wait(asio::posix::stream_descriptor::wait_write, std::move(handler));
  }
  void shutdown_send();
  void close();
  // For the next owner; waits of this one are cancelled, but one whose handler is already queued still runs.
  Stream take();

 private:
  template <class Function>
  void wait(asio::posix::stream_descriptor::wait_type type, Function handler) {
    descriptor_.async_wait(type, [handler = std::move(handler)](const asio::error_code& error) mutable {
      if (error != asio::error::operation_aborted) handler();
    });
  }

  std::shared_ptr<IoLoop> loop_;
  asio::posix::stream_descriptor descriptor_;
};

}  // namespace ottobot::net
