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

}  // namespace ottobot::api
