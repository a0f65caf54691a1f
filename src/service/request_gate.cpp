#include "service/request_gate.hpp"

#include <utility>

namespace ottobot::service {

net::Handler RequestGate::guard(net::Handler inner, net::Handler refusal) {
  return [this, inner = std::move(inner), refusal = std::move(refusal)](net::Exchange& exchange) {
    if (!enter()) return refusal(exchange);
    inner(exchange);
    leave();
  };
}

void RequestGate::open() {
  std::lock_guard lock(mutex_);
  open_ = true;
}

void RequestGate::close() {
  std::lock_guard lock(mutex_);
  open_ = false;
}

bool RequestGate::wait_until_idle(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return idle_.wait_for(lock, patience, [this] { return inside_ == 0; });
}

bool RequestGate::enter() {
  std::lock_guard lock(mutex_);
  if (open_) ++inside_;
  return open_;
}

void RequestGate::leave() {
  std::lock_guard lock(mutex_);
  if (--inside_ == 0) idle_.notify_all();
}

}  // namespace ottobot::service
