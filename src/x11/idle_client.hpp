// When the program that gets the keys has dealt with them.
#pragma once

#include "x11/connection.hpp"

namespace ottobot::x11 {

// Blocks until the program of the active window has waited for something new to do for a moment, as Linux's /proc shows
// it, but for a few seconds at most; for half a second when its process is not known. Errors: those of Connection.
Result<void> wait_for_idle_client(Connection& connection, const CallContext& ctx);

}  // namespace ottobot::x11
