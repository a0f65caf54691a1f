// The windows of a display (EWMH 1.5, ICCCM 2.0). All geometry is of whole windows, decorations included, on the
// screen. Without a window manager, the windows are those that are mapped on the root. One thread at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "x11/connection.hpp"

namespace ottobot::x11 {

struct Rectangle {
  int x = 0, y = 0, width = 0, height = 0;
  bool operator==(const Rectangle&) const = default;
};

// What surrounds a window's content.
struct Frame {
  int left = 0, right = 0, top = 0, bottom = 0;
};

struct Window {
  xcb_window_t id = XCB_NONE;
  std::string title;         // UTF-8
  std::string window_class;  // as "XTerm"
  std::string instance;      // as "xterm"
  Rectangle outer;
  Frame frame;
  std::uint32_t pid = 0;                 // 0 = unknown
  std::optional<std::uint32_t> desktop;  // nullopt = all, or unknown
  bool active = false, minimized = false, maximized = false, fullscreen = false;
};

// In the order in which they were opened. Errors: those of Connection.
Result<std::vector<Window>> list_windows(Connection& connection, const CallContext& ctx);
// Errors: not_found, those of Connection.
Result<Window> find_window(Connection& connection, xcb_window_t id, const CallContext& ctx);
// The part of the screen that panels leave. Errors: those of Connection.
Result<Rectangle> work_area(Connection& connection, const CallContext& ctx);

}  // namespace ottobot::x11
