// Asks a sandbox's daemon whether it is there.
#pragma once

#include <functional>

#include "ottobot/container_backend.hpp"

namespace ottobot::containers {

// Waits until `GET /health` is answered, as long as `runs` says that process 1 of the sandbox lives; it is asked after
// each try that failed. Errors: unavailable (that ended), permission_denied (somebody else answers), deadline_exceeded,
// cancelled.
Result<void> await_daemon(const Endpoint& endpoint, const std::function<bool()>& runs, const CallContext& ctx);

}  // namespace ottobot::containers
