// How many sessions one user may have and make.
#pragma once

#include "api/context.hpp"

namespace ottobot::api {

// Leave to make one session. While it lives, its user gets no other one: what is counted stays true.
using SessionRoom = UserTurns::Turn;

// nullopt = the user has no more of them, and the request has been answered: 429. Without users there is no bound, nor
// for what would be answered with a session that is there. Errors: those of the store, conflict (idempotency key),
// unavailable (others of the user's are being made, and that takes long).
Result<std::optional<SessionRoom>> find_room_for_session(Context& context, Request& request, const NewSession& asked);

}  // namespace ottobot::api
