// What the screen shows.
#pragma once

#include "x11/connection.hpp"

namespace ottobot::x11 {

struct Picture {
  Size size;
  std::string png;
};

// The whole screen with the mouse pointer. Errors: unsupported (a screen without 32 bits per pixel), those of
// Connection.
Result<Picture> take_picture(Connection& connection, const CallContext& ctx);

}  // namespace ottobot::x11
