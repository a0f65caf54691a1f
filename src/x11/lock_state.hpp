// Caps Lock off and the first keyboard group, while it lives: what typing counts on. The XKEYBOARD extension.
#pragma once

#include "x11/connection.hpp"

namespace ottobot::x11 {

class PlainLockState {
 public:
  // Borrows the connection for its life.
  explicit PlainLockState(Connection& connection);
  ~PlainLockState();  // puts back what was
  PlainLockState(const PlainLockState&) = delete;
  PlainLockState& operator=(const PlainLockState&) = delete;

 private:
  void lock(std::uint8_t modifiers, std::uint8_t group);
  Connection& connection_;
  bool is_changed_ = false;
  std::uint8_t modifiers_ = 0, group_ = 0;
};

}  // namespace ottobot::x11
