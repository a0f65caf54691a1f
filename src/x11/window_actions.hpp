// What a window manager is asked to do with windows (EWMH 1.5, ICCCM 2.0), verified by its effect within a few seconds.
// Without one, windows are moved and raised directly. One thread at a time.
#pragma once

#include "x11/windows.hpp"

namespace ottobot::x11 {

// What is to change; the rest stays.
struct Arrangement {
  std::optional<int> x, y, width, height;
  bool exact_size = false;  // also where the program asks for steps, as terminals do
};

// To the front, with the keyboard. Restores it if need be. Errors: unavailable (the window manager does not do it), and
// as find_window.
Result<Window> activate(Connection& connection, xcb_window_t id, const CallContext& ctx);
// Errors: unsupported (no window manager), and as activate.
Result<Window> minimize(Connection& connection, xcb_window_t id, const CallContext& ctx);
// Restores it if it is minimised, maximised or full-screen, then moves and resizes it. The window as it is then:
// programs have a word in their size. Errors: as activate.
Result<Window> arrange(Connection& connection, xcb_window_t id, const Arrangement& wanted, const CallContext& ctx);

}  // namespace ottobot::x11
