// The log of a session over REST: events (as JSON, or live as server-sent events) and log lines.
#pragma once

#include "api/context.hpp"

namespace ottobot::api {

// `context` must outlive the router.
void add_event_routes(Router& router, Context& context);

}  // namespace ottobot::api
