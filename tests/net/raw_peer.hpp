// A server that does exactly what a test tells it to do with each connection: for answers that no decent server gives.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "net/process/unix_socket.hpp"

namespace ottobot::net::testing {

// One accepted connection, used on its own thread.
class RawConnection {
 public:
  RawConnection(UniqueFd fd, int number) : fd_(std::move(fd)), number_(number) {}

  int number() const { return number_; }  // from 0, in order of acceptance
  int fd() const { return fd_.get(); }

  // The next request with its Content-Length body; empty at the end of the connection.
  std::string read_request() {
    std::size_t head_end = std::string::npos;
    while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return {};
    }
    std::size_t body = 0;
    const std::size_t field = buffer_.find("Content-Length: ");
    if (field < head_end) body = std::stoul(buffer_.substr(field + 16));
    while (buffer_.size() < head_end + 4 + body) {
      if (!fill()) return {};
    }
    std::string request = buffer_.substr(0, head_end + 4 + body);
    buffer_.erase(0, request.size());
    return request;
  }

  // False once the client is gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  bool answer(const std::string& body, int status = 200) {
    return send("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + body);
  }
  // Blocks until the client has closed the connection.
  void wait_closed() {
    while (fill()) {
    }
  }

 private:
  bool fill() {
    char chunk[4096];
    const ssize_t got = ::recv(fd_.get(), chunk, sizeof chunk, 0);
    if (got <= 0) return false;
    buffer_.append(chunk, static_cast<std::size_t>(got));
    return true;
  }

  UniqueFd fd_;
  int number_;
  std::string buffer_;
};

class RawPeer {
 public:
  using Handler = std::function<void(RawConnection&)>;

  // On 127.0.0.1 when `unix_path` is empty.
  explicit RawPeer(Handler handler, const std::string& unix_path = {}) : handler_(std::move(handler)) {
    unix_path.empty() ? listen_tcp() : adopt_unix(unix_path);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~RawPeer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    stopping_ = true;
    acceptor_.join();
    {
      std::lock_guard lock(mutex_);
      for (auto& connection : connections_) ::shutdown(connection->fd(), SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
  }

  int accepted() const { return accepted_; }
  std::string url(const std::string& path = "/") const { return "http://127.0.0.1:" + std::to_string(port_) + path; }

 private:
  void listen_tcp() {
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_.get(), 64), 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  void adopt_unix(const std::string& path) {
    auto listener = listen_unix(path, 0600);
    ASSERT_TRUE(listener) << listener.error().to_string();
    listener_ = std::move(*listener);
  }

  void accept_all() {
    while (!stopping_) {
      pollfd ready{listener_.get(), POLLIN, 0};
      ::poll(&ready, 1, 50);
      UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!fd) continue;
      auto connection = std::make_shared<RawConnection>(std::move(fd), accepted_++);
      std::lock_guard lock(mutex_);
      connections_.push_back(connection);
      threads_.emplace_back([this, connection] {
        handler_(*connection);
        ::shutdown(connection->fd(), SHUT_RDWR);
      });
    }
  }

  Handler handler_;
  UniqueFd listener_;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> accepted_{0};
  std::thread acceptor_;
  std::mutex mutex_;  // guards connections_
  std::vector<std::shared_ptr<RawConnection>> connections_;
  std::vector<std::thread> threads_;
};

}  // namespace ottobot::net::testing
