// Sessions over REST: create, look, list, prompt, stop, delete.
#pragma once

#include "api/context.hpp"

namespace ottobot::api {

// `context` must outlive the router.
void add_session_routes(Router& router, Context& context);

}  // namespace ottobot::api
