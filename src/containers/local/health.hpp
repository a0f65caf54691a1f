// Asks a sandbox's daemon whether it is there.
#pragma once

#include "containers/local/process_identity.hpp"
#include "ottobot/container_backend.hpp"

namespace ottobot::containers {

// Waits until `GET /health` is answered, as long as `init`, process 1 of the sandbox, lives. Errors: unavailable (that
// ended), permission_denied (somebody else answers), deadline_exceeded, cancelled.
Result<void> await_daemon(const Endpoint& endpoint, const ProcessIdentity& init, const CallContext& ctx);

}  // namespace ottobot::containers
