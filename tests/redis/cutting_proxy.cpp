#include "redis/cutting_proxy.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "net/process/unix_socket.hpp"
#include "net/process/wait_fd.hpp"
#include "ottobot/testing/results.hpp"

namespace ottobot::testing {
namespace {

constexpr std::chrono::seconds kPatience{10};

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    if (!net::wait_fd(fd, POLLOUT, with_timeout(kPatience))) return false;
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string receive(int fd) {
  std::array<char, 64 << 10> buffer;
  const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
  return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : std::string();
}

}  // namespace

CuttingProxy::CuttingProxy(std::string server) : server_(std::move(server)) {
  listener_ = value_of(net::listen_unix(socket(), 0600));
  accepting_ = std::thread([this] { accept_all(); });
}

CuttingProxy::~CuttingProxy() {
  stopping_ = true;
  ::shutdown(listener_.get(), SHUT_RDWR);
  accepting_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (auto& thread : threads_) thread.join();
}

void CuttingProxy::cut(Cut how, int skipped) {
  const std::lock_guard lock(mutex_);
  how_ = how;
  skipped_ = skipped;
}

bool CuttingProxy::was_cut() {
  const std::lock_guard lock(mutex_);
  return std::exchange(skipped_, -1) < 0;
}

bool CuttingProxy::is_due(Cut& how) {
  const std::lock_guard lock(mutex_);
  how = how_;
  return skipped_ >= 0 && --skipped_ < 0;
}

void CuttingProxy::accept_all() {
  while (!stopping_) {
    if (!net::wait_fd(listener_.get(), POLLIN, CallContext{})) return;
    const int client = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) continue;
    const std::lock_guard lock(mutex_);
    open_.push_back(client);
    threads_.emplace_back([this, client] { serve(client); });
  }
}

void CuttingProxy::serve(int client) {
  auto server = net::connect_unix(server_, std::nullopt, with_timeout(kPatience));
  bool open = server.has_value();
  while (open && !stopping_) {
    std::array<pollfd, 2> fds{pollfd{client, POLLIN, 0}, pollfd{server->get(), POLLIN, 0}};
    if (!net::wait_fds(fds, CallContext{})) break;
    if (fds[0].revents != 0) {
      const std::string request = receive(client);
      Cut how = Cut::before;
      const bool due = !request.empty() && is_due(how);
      open = !request.empty() && !(due && how == Cut::before) && send_all(server->get(), request);
      if (open && due) {
        (void)net::wait_fd(server->get(), POLLIN, with_timeout(kPatience));
        open = false;
      }
    }
    if (open && fds[1].revents != 0) {
      const std::string answer = receive(server->get());
      open = !answer.empty() && send_all(client, answer);
    }
  }
  const std::lock_guard lock(mutex_);
  std::erase(open_, client);
  ::close(client);
}

}  // namespace ottobot::testing
