// Who controls a desktop, in the log of its session: a line for each change, some seconds apart at least.
#pragma once

#include "api/context.hpp"

namespace ottobot::api {

// From now on changes of control are logged, by tasks of the context. Once, before the first viewer.
void log_desktop_control(Context& context);

}  // namespace ottobot::api
