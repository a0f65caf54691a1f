// What stays open when a request's handler has returned: chats, event streams, desktop viewers. The Api closes them
// when it ends. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

namespace ottobot::api {

class OpenSocket {
 public:
  virtual ~OpenSocket() = default;
  // Ends it for good: afterwards it calls nothing that belongs to the Api. May run beside the socket's own close.
  virtual void shut_down() = 0;
};

class OpenSockets {
 public:
  // False once closed: the caller shuts the socket down itself.
  bool add(const std::shared_ptr<OpenSocket>& socket);
  void remove(const OpenSocket* socket);
  void close_all();

 private:
  std::mutex mutex_;  // guards the members below
  std::unordered_map<const OpenSocket*, std::weak_ptr<OpenSocket>> sockets_;
  bool closed_ = false;
};

}  // namespace ottobot::api
