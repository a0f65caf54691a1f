// Asks a sandbox's daemon whether it is there.
#pragma once

#include "ottobot/container_backend.hpp"

namespace ottobot::containers {

// One `GET /health` over a fresh connection. Errors: unavailable (nobody there, or any answer but 200),
// permission_denied (somebody else answers), deadline_exceeded, cancelled.
Result<void> check_health(const Endpoint& endpoint, const CallContext& ctx);

}  // namespace ottobot::containers
