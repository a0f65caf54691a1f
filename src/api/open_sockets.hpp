// What stays open when a request's handler has returned: chats, event streams, desktop viewers. The Api closes them
// when it ends, and those of a user who has no key any more. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "api/caller.hpp"

namespace ottobot::api {

class OpenSocket {
 public:
  virtual ~OpenSocket() = default;
  // Ends it for good: afterwards it calls nothing that belongs to the Api. May run beside the socket's own close.
  virtual void shut_down() = 0;
  // Whose it is. Constant.
  virtual const Caller& caller() const = 0;
  // Ends it because its caller may not use it any more, and says so. On a handler thread.
  virtual void turn_away() = 0;
};

class OpenSockets {
 public:
  // False once closed: the caller shuts the socket down itself.
  bool add(const std::shared_ptr<OpenSocket>& socket);
  void remove(const OpenSocket* socket);
  void close_all();
  void turn_away(const std::function<bool(const Caller& caller)>& is_unwelcome);

 private:
  std::mutex mutex_;  // guards the members below
  std::unordered_map<const OpenSocket*, std::weak_ptr<OpenSocket>> sockets_;
  bool closed_ = false;
};

}  // namespace ottobot::api
