// RequestGate: lets requests through to the API only while everything behind it is there.
//
// The port must be bound before the parts that need to know it exist, and requests on open connections go on arriving
// while the service ends: both are answered 503. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

#include "net/server/http_server.hpp"

namespace ottobot::service {

class RequestGate {
 public:
  // `inner` and `refusal` serve requests while the gate is open, and while it is not.
  net::Handler guard(net::Handler inner, net::Handler refusal);

  void open();
  // New requests are refused from now on.
  void close();
  // False when requests that were let in are still running after `patience`.
  bool wait_until_idle(std::chrono::milliseconds patience);

 private:
  bool enter();
  void leave();

  std::mutex mutex_;  // guards the members below
  std::condition_variable idle_;
  bool open_ = false;
  int inside_ = 0;
};

}  // namespace ottobot::service
