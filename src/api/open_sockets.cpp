#include "api/open_sockets.hpp"

#include <utility>

namespace ottobot::api {

bool OpenSockets::add(const std::shared_ptr<OpenSocket>& socket) {
  std::lock_guard lock(mutex_);
  if (closed_) return false;
  sockets_.insert_or_assign(socket.get(), socket);
  return true;
}

void OpenSockets::remove(const OpenSocket* socket) {
  std::lock_guard lock(mutex_);
  sockets_.erase(socket);
}

void OpenSockets::close_all() {
  decltype(sockets_) open;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    open.swap(sockets_);
  }
  for (const auto& [key, weak] : open) {
    if (const auto socket = weak.lock()) socket->shut_down();
  }
}

void OpenSockets::turn_away(const std::function<bool(const Caller& caller)>& is_unwelcome) {
  std::vector<std::shared_ptr<OpenSocket>> open;  // asked outside of the lock
  {
    std::lock_guard lock(mutex_);
    open.reserve(sockets_.size());
    for (const auto& [key, weak] : sockets_) {
      if (auto socket = weak.lock()) open.push_back(std::move(socket));
    }
  }
  for (const auto& socket : open) {
    if (is_unwelcome(socket->caller())) socket->turn_away();
  }
}

}  // namespace ottobot::api
