// Who looks at a session's desktop and who controls it: /session/:id/desktop.
#pragma once

#include "api/context.hpp"

namespace ottobot::api {

// `context` must outlive the router.
void add_desktop_routes(Router& router, Context& context);

}  // namespace ottobot::api
