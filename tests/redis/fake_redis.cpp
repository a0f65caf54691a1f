#include "redis/fake_redis.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>

#include "net/process/wait_fd.hpp"
#include "redis/slots.hpp"

namespace ottobot::testing {

FakeRedis::FakeRedis(Answer answer)
    : answer_(std::move(answer)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), size);
  ::listen(listener_.get(), SOMAXCONN);
  ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { accept_all(); });
}

FakeRedis::~FakeRedis() {
  stopping_ = true;
  ::shutdown(listener_.get(), SHUT_RDWR);
  accepting_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (auto& thread : threads_) thread.join();
}

RedisOptions FakeRedis::options() const {
  RedisOptions options;
  options.host = "127.0.0.1";
  options.port = port_;
  return options;
}

void FakeRedis::accept_all() {
  while (!stopping_) {
    if (!net::wait_fd(listener_.get(), POLLIN, CallContext{})) return;
    const int client = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    ++connections_;
    const std::lock_guard lock(mutex_);
    open_.push_back(client);
    threads_.emplace_back([this, client] { serve(client); });
  }
}

// A command is an array, as an answer may be.
void FakeRedis::serve(int client) {
  redis::ReplyReader reader;
  const Say say = [client](std::string_view bytes) {
    return ::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  };
  std::array<char, 16 << 10> buffer;
  for (ssize_t got = 0; (got = ::recv(client, buffer.data(), buffer.size(), 0)) > 0;) {
    reader.feed({buffer.data(), static_cast<std::size_t>(got)});
    for (auto command = reader.next(); command && *command; command = reader.next()) {
      if (answer_) answer_(**command, say);
    }
  }
  const std::lock_guard lock(mutex_);
  std::erase(open_, client);
  ::close(client);
}

std::string slots_answer(const std::vector<redis::Address>& nodes) {
  const auto bulk = [](const std::string& text) { return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n"; };
  const auto number = [](int value) { return ":" + std::to_string(value) + "\r\n"; };
  const int count = static_cast<int>(nodes.size());
  std::string answer = "*" + std::to_string(count) + "\r\n";
  for (int n = 0; n < count; ++n) {
    const auto& node = nodes[static_cast<std::size_t>(n)];
    answer += "*3\r\n" + number(redis::kSlots * n / count) + number(redis::kSlots * (n + 1) / count - 1);
    answer += "*2\r\n" + bulk(node.host) + number(node.port);
  }
  return answer;
}

}  // namespace ottobot::testing
