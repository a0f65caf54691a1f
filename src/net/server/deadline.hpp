// One timer for deadlines that move at every packet: moving it later costs an assignment, not a timer operation.
#pragma once

#include <asio/steady_timer.hpp>

#include "ottobot/call_context.hpp"

namespace ottobot::net {

class Deadline {
 public:
  explicit Deadline(asio::io_context& context) : timer_(context) {}

  void clear() { due_ = SteadyTime::max(); }
  void cancel() {
    clear();
    armed_ = SteadyTime::max();
    timer_.cancel();
  }
  // `expired()` runs on the loop once `due` has passed and was not moved. It is kept until then or until cancel(), so
  // give it whatever keeps its owner alive.
  template <class Function>
  void set(SteadyTime due, Function expired) {
    due_ = due;
    if (due < armed_) arm(due, std::move(expired));
  }

 private:
  template <class Function>
  void arm(SteadyTime when, Function expired) {
    armed_ = when;
    timer_.expires_at(when);
    timer_.async_wait([this, expired = std::move(expired)](const asio::error_code& error) mutable {
      if (error) return;
      armed_ = SteadyTime::max();
      if (due_ == SteadyTime::max()) return;
      if (due_ > std::chrono::steady_clock::now()) return arm(due_, std::move(expired));
      due_ = SteadyTime::max();
      expired();
    });
  }

  asio::steady_timer timer_;
  SteadyTime due_ = SteadyTime::max();
  SteadyTime armed_ = SteadyTime::max();
};

}  // namespace ottobot::net
