#include "integration/balancer.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>

#include "ottobot/call_context.hpp"

namespace ottobot::integration {
namespace {

constexpr int kLookMs = 100;
constexpr std::chrono::seconds kPatience{10};

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

net::UniqueFd new_socket() { return net::UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

bool send_all(int fd, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(fd, bytes, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

// What is there; false when that was the last.
bool pass_on(int from, int to) {
  std::array<char, 16384> bytes{};
  const ssize_t count = ::recv(from, bytes.data(), bytes.size(), 0);
  if (count > 0) return send_all(to, bytes.data(), static_cast<std::size_t>(count));
  ::shutdown(to, SHUT_WR);
  return false;
}

}  // namespace

Balancer::Balancer(std::vector<int> ports) : ports_(std::move(ports)), listener_(new_socket()) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size);
  ::listen(listener_.get(), 128);
  ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { accept_all(); });
}

Balancer::~Balancer() {
  stopping_ = true;
  accepting_.join();
  for (Pair& pair : pairs_) pair.thread.join();
}

void Balancer::accept_all() {
  while (!stopping_) {
    pollfd waiting{listener_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, kLookMs) != 1) continue;
    net::UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) continue;
    ++connections_;
    Pair& pair = pairs_.emplace_back();
    pair.client = std::move(client);
    pair.thread = std::thread([this, &pair] { carry(pair); });
  }
}

net::UniqueFd Balancer::connect_somewhere() {
  const auto ctx = with_timeout(kPatience);
  for (std::size_t next = static_cast<std::size_t>(connections_.load()); ctx.check() && !stopping_; ++next) {
    net::UniqueFd server = new_socket();
    const sockaddr_in address = loopback(ports_[next % ports_.size()]);
    if (::connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return server;
    ++refusals_;
  }
  return {};
}

void Balancer::carry(Pair& pair) {
  pair.server = connect_somewhere();
  bool from_client = static_cast<bool>(pair.server), from_server = from_client;
  while ((from_client || from_server) && !stopping_) {
    std::array<pollfd, 2> waiting{
        {{from_client ? pair.client.get() : -1, POLLIN, 0}, {from_server ? pair.server.get() : -1, POLLIN, 0}}};
    if (::poll(waiting.data(), waiting.size(), kLookMs) <= 0) continue;
    if (waiting[0].revents != 0) from_client = pass_on(pair.client.get(), pair.server.get());
    if (waiting[1].revents != 0) from_server = pass_on(pair.server.get(), pair.client.get());
    if (!from_server) break;  // nobody answers any more
  }
  pair.client.reset();
  pair.server.reset();
}

}  // namespace ottobot::integration
