// UserSockets: bounds what one user has open at once: chats, event streams, desktops. Thread-safe; slots must not
// outlive it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "api/router.hpp"

namespace ottobot::api {

// Room for one socket, until destroyed.
using SocketSlot = std::shared_ptr<void>;

class UserSockets {
 public:
  explicit UserSockets(int max_per_user) : max_per_user_(max_per_user) {}  // 0 = no bound

  // nullopt = the user has no more, and the request has been answered: 429. Without users there is no bound.
  std::optional<SocketSlot> enter(Request& request);

 private:
  void leave(const std::string& user);

  const int max_per_user_;
  std::mutex mutex_;  // guards open_
  std::map<std::string, int> open_;
};

}  // namespace ottobot::api
