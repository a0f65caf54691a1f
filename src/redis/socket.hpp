// A connected socket to a Redis server: TCP or unix, plain or with TLS. One thread at a time.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "net/server/tls.hpp"
#include "net/unique_fd.hpp"
#include "ottobot/stores/redis.hpp"

namespace ottobot::redis {

// Of one node.
struct Address {
  std::string host;
  int port = 0;
  std::string unix_path;  // instead of both

  std::string text() const;  // "host:port", or the path
  auto operator<=>(const Address&) const = default;
};

class Socket {
 public:
  // Errors: unavailable, permission_denied, those of net::connect_tls(), cancelled, deadline_exceeded.
  static Result<Socket> connect(const Address& address, const RedisOptions& options, const CallContext& ctx);
  Socket(Socket&&) = default;
  ~Socket();

  int fd() const { return fd_.get(); }
  // poll()'s events after which it is worth calling this again; 0: at once.
  short wants_read() const;
  short wants_write() const;
  // Non-blocking.
  net::IoCount read_some(std::span<char> buffer);
  net::IoCount write_some(std::string_view bytes);

 private:
  Socket(net::UniqueFd fd, std::shared_ptr<net::TlsSession> tls) : fd_(std::move(fd)), tls_(std::move(tls)) {}

  net::UniqueFd fd_;
  std::shared_ptr<net::TlsSession> tls_;  // null = plain
};

}  // namespace ottobot::redis
