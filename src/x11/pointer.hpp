// The pointer of a display: buttons pressed by the XTEST extension.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "x11/keyboard.hpp"

namespace ottobot::x11 {

struct Point {
  int x = 0, y = 0;
};

struct Click {
  Point at;
  std::uint8_t button = 1;  // as X counts: 1 left, 2 middle, 3 right, 4 to 7 the wheel up, down, left, right
  int count = 1;
  std::vector<Modifier> modifiers;
  std::optional<Point> drag_to;  // released there; with it `count` does not count
};

// Returns when the display has taken all of it. Errors: invalid_argument (outside the screen, whose size it says),
// unavailable (a program keeps the button held), those of Keyboard::hold.
Result<void> click(Connection& connection, Keyboard& keyboard, const Click& click, const CallContext& ctx);

}  // namespace ottobot::x11
