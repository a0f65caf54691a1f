#include "api/user_sockets.hpp"

#include "api/errors.hpp"

namespace ottobot::api {

std::optional<SocketSlot> UserSockets::enter(Request& request) {
  const std::string& user = request.caller().user;
  if (user.empty() || max_per_user_ == 0) return SocketSlot();
  {
    std::lock_guard lock(mutex_);
    int& open = open_[user];
    if (open < max_per_user_) {
      ++open;
      return SocketSlot(this, [user](UserSockets* owner) { owner->leave(user); });
    }
  }
  request.exchange().respond(error_response(429, "too many chats, event streams and desktops of this user are open",
                                            "close some of them first"));
  return std::nullopt;
}

void UserSockets::leave(const std::string& user) {
  std::lock_guard lock(mutex_);
  const auto found = open_.find(user);
  if (found != open_.end() && --found->second == 0) open_.erase(found);
}

}  // namespace ottobot::api
