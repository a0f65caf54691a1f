// Windows as the tools show them, and their ids as models write them.
#pragma once

#include "ottobot/json.hpp"
#include "x11/windows.hpp"

namespace ottobot::sandboxd {

// {id, title, class, x, y, width, height, state normal|minimized|maximized|fullscreen, active, desktop?, pid?}
Json to_json(const x11::Window& window);
// One line: "id 4194316  "Terminal" (XTerm)  500x300 at (10, 20)  active".
std::string to_line(const x11::Window& window);
// One line each; "no windows are open" when there are none.
std::string to_lines(const std::vector<x11::Window>& windows);
Json to_json(const x11::Rectangle& rectangle);

// A number, or a string of one, decimal or 0x… Errors: invalid_argument.
Result<xcb_window_t> read_window_id(const Json& args);

}  // namespace ottobot::sandboxd
