#include "api/context.hpp"

#include "ottobot/ids.hpp"

namespace ottobot::api {

Result<SessionRow> find_session(Context& context, const std::string& id) {
  if (!is_valid_id(id)) return not_found("Session not found", "GET /session lists the sessions");
  return context.deps.sessions.get(id, {}, context.store_call());
}

bool is_deleted(const SessionRow& row) {
  return row.status == SessionStatus::terminated && row.phase != phase::kExpired;
}

}  // namespace ottobot::api
