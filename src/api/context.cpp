#include "api/context.hpp"

#include "api/input.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::api {

Result<SessionRow> find_session(Context& context, const Request& request) {
  const std::string& id = request.session_id();
  if (!is_valid_id(id)) return not_found("Session not found", "GET /session lists the sessions");
  const auto* begun = std::any_cast<std::shared_ptr<SessionLook>>(&request.head().begun);
  auto row = context.deps.sessions.get(id, request.caller().user, context.store_call(), begun ? begun->get() : nullptr);
  if (row && request.caller().has_ticket() && is_deleted(*row)) {
    return unauthenticated("the session was deleted, and the ticket with it", "use an API key to see what is left");
  }
  return row;
}

// Nobody waits for a body that is there: the bound is met only by clients that are slow to send a long one.
std::optional<std::string> read_fields(Context& context, Request& request) {
  if (request.exchange().body_complete()) return read_body(request, kMaxBodyBytes);
  const auto slot = context.bodies.enter(request, "");
  if (!slot) return std::nullopt;
  return read_body(request, kMaxBodyBytes);
}

bool is_deleted(const SessionRow& row) {
  return row.status == SessionStatus::terminated && row.phase != phase::kExpired;
}

}  // namespace ottobot::api
