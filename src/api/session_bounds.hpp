// How many sessions one user may have and make.
#pragma once

#include "api/context.hpp"

namespace ottobot::api {

// False = the user has no more of them, and the request has been answered: 429. Without users there is no bound, nor
// for what would be answered with a session that is there. Errors: those of the store, conflict (idempotency key).
Result<bool> has_room_for_session(Context& context, Request& request, const NewSession& asked);

}  // namespace ottobot::api
