#include "api/desktop_routes.hpp"

#include "api/desktop_log.hpp"
#include "api/errors.hpp"
#include "api/input.hpp"
#include "api/worker_relay.hpp"

namespace ottobot::api {
namespace {

Json state_json(const DesktopState& state) {
  Json viewers = Json::array();
  for (const DesktopViewer& viewer : state.viewers) {
    viewers.push_back({{"id", viewer.id},
                       {"role", viewer.role == DesktopRole::control ? "control" : "view"},
                       {"controls", viewer.id == state.controller},
                       {"connected_at", to_rfc3339(viewer.connected_at)}});
  }
  return {{"viewers", std::move(viewers)},
          {"controller", state.controller.empty() ? Json() : Json(state.controller)},
          {"agent_input", state.person_controls ? "parked" : "free"}};
}

void answer_state(Context& context, Request& request) {
  request.exchange().respond(json_response(200, state_json(context.desktops.state(request.session_id()))));
}

Result<void> get_desktop(Context& context, Request& request) {
  if (const auto row = find_session(context, request); !row) return fail(row.error());
  answer_state(context, request);
  return {};
}

Result<void> change_control(DesktopControl& desktops, const std::string& session_id, const std::string& body) {
  auto fields = Fields::parse(body);
  if (!fields) return fail(fields.error());
  const std::string action = fields->required_string("action");
  const std::string viewer_id = fields->optional_string("viewer");
  if (auto ok = fields->check(); !ok) return ok;
  if (action != "take" && action != "release") return invalid_field("action", "must be take or release");
  return action == "take" ? desktops.take(session_id, viewer_id) : desktops.release(session_id, viewer_id);
}

Result<void> post_control(Context& context, Request& request) {
  const auto body = read_fields(context, request);
  if (!body) return {};
  const auto row = find_session(context, request);
  if (!row) return fail(row.error());
  if (is_deleted(*row)) return conflict("the session is deleted");
  auto changed = change_control(context.desktops, row->id, *body);
  if (changed) answer_state(context, request);
  return changed;
}

}  // namespace

void add_desktop_routes(Router& router, Context& context) {
  log_desktop_control(context);
  router.add("GET", "session/:id/desktop", rules::kRead,
             at_worker(context, [&context](Request& request) { return get_desktop(context, request); }));
  router.add("POST", "session/:id/desktop/control", rules::kChange,
             at_worker(context, [&context](Request& request) { return post_control(context, request); }));
}

}  // namespace ottobot::api
