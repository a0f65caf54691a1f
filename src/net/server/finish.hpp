// The end of a listener where clients can go to another server: none of them sees a request fail.
#pragma once

#include <chrono>

#include "net/server/http_server.hpp"

namespace ottobot::net {

// As stop_accepting(), but those whose connection was on its way are let in first, and everybody is answered still, and
// told by `Connection: close` that it was the last time. Returns when no connection is open on which a request may come;
// false when there are some after `patience`. Not from an I/O thread.
bool finish(Listener& listener, std::chrono::milliseconds patience);

}  // namespace ottobot::net
