// GET /health.
#pragma once

#include "api/context.hpp"

namespace ottobot::api {

// Does not block: answered on the I/O thread. 503 when unhealthy.
Result<void> serve_health(Context& context, Request& request);

}  // namespace ottobot::api
