// A client that sends exactly the bytes it is told to, so that tests can be as wrong as attackers are.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cctype>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "net/unique_fd.hpp"

namespace ottobot::net::test {

struct RawResponse {
  int status = 0;
  std::string head;  // status line and fields, without the empty line
  std::string body;  // decoded

  std::string field(std::string_view name) const {
    std::string lower(head), wanted = "\r\n" + std::string(name) + ": ";
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    for (char& c : wanted) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto at = lower.find(wanted);
    if (at == std::string::npos) return {};
    const auto start = at + wanted.size();
    return head.substr(start, head.find("\r\n", start) - start);
  }
};

// What a client speaks below its bytes, such as TLS.
class RawChannel {
 public:
  virtual ~RawChannel() = default;
  // Bytes, 0 at the end of the stream, -1 when nothing came in time.
  virtual ssize_t receive(char* buffer, std::size_t size, std::chrono::milliseconds timeout) = 0;
  virtual bool send(std::string_view bytes) = 0;
  virtual void end_sending() = 0;
};

class RawClient {
 public:
  explicit RawClient(int port) {
    fd_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  explicit RawClient(const std::string& unix_path) {
    fd_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, unix_path.c_str(), sizeof address.sun_path - 1);
    connected_ = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  explicit RawClient(UniqueFd fd) : fd_(std::move(fd)), connected_(true) {}

  void speak(std::unique_ptr<RawChannel> channel) { channel_ = std::move(channel); }

  bool connected() const { return connected_; }
  bool ended() const { return ended_; }  // as far as was read
  int fd() const { return fd_.get(); }

  bool send(std::string_view bytes) {
    if (channel_) return channel_->send(bytes);
    while (!bytes.empty()) {
      const ssize_t count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  void end_sending() {
    if (channel_) return channel_->end_sending();
    ::shutdown(fd_.get(), SHUT_WR);
  }
  void disconnect() { fd_.reset(); }

  // Reads until at least `count` bytes are buffered; false at the end of the stream or after `timeout`.
  bool fill(std::size_t count, std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
    while (buffer_.size() < count) {
      if (!read_more(timeout)) return false;
    }
    return true;
  }
  std::string take(std::size_t count) {
    if (!fill(count)) return {};
    std::string bytes = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return bytes;
  }
  // Up to and without `end`, which is dropped too.
  std::string take_until(std::string_view end) {
    std::size_t at;
    while ((at = buffer_.find(end)) == std::string::npos) {
      if (!read_more(std::chrono::seconds(10))) return {};
    }
    std::string bytes = buffer_.substr(0, at);
    buffer_.erase(0, at + end.size());
    return bytes;
  }
  // Everything until the peer closes; `closed` tells a close from a time-out.
  std::string take_rest(bool& closed, std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
    while (read_more(timeout)) {
    }
    closed = ended_;
    return std::exchange(buffer_, {});
  }
  bool closed_by_peer(std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
    bool closed = false;
    return take_rest(closed, timeout).empty() && closed;
  }

  RawResponse response(bool to_head = false) {
    RawResponse result;
    result.head = take_until("\r\n\r\n");
    if (result.head.size() < 12) return result;
    result.status = std::atoi(result.head.c_str() + 9);
    if (to_head || result.status < 200 || result.status == 204 || result.status == 304) return result;
    if (result.field("Transfer-Encoding") == "chunked") {
      for (;;) {
        const std::string size = take_until("\r\n");
        if (size.empty()) return result;
        const auto length = std::stoul(size, nullptr, 16);
        result.body += take(length);
        take(2);
        if (length == 0) return result;
      }
    }
    if (const std::string length = result.field("Content-Length"); !length.empty()) {
      result.body = take(std::stoul(length));
    } else {
      bool closed = false;
      result.body = take_rest(closed);
    }
    return result;
  }

 private:
  bool read_more(std::chrono::milliseconds timeout) {
    char bytes[16384];
    ssize_t count = 0;
    if (channel_) {
      count = channel_->receive(bytes, sizeof bytes, timeout);
      if (count < 0) return false;
    } else {
      pollfd waiting{fd_.get(), POLLIN, 0};
      if (::poll(&waiting, 1, static_cast<int>(timeout.count())) != 1) return false;
      count = ::recv(fd_.get(), bytes, sizeof bytes, 0);
    }
    ended_ = count <= 0;
    if (ended_) return false;
    buffer_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }

  UniqueFd fd_;
  std::unique_ptr<RawChannel> channel_;  // null = plain
  std::string buffer_;
  bool connected_ = false;
  bool ended_ = false;
};

}  // namespace ottobot::net::test
