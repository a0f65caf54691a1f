#include "api/desktop_routes.hpp"

#include "api/desktop_log.hpp"
#include "api/errors.hpp"
#include "api/input.hpp"

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
  request.exchange().respond(json_response(200, state_json(context.desktops.state(request.param("id")))));
}

Result<void> get_desktop(Context& context, Request& request) {
  if (const auto row = find_session(context, request.param("id")); !row) return fail(row.error());
  answer_state(context, request);
  return {};
}

Result<void> post_control(Context& context, Request& request) {
  const auto slot = context.bodies.enter(request, "");
  if (!slot) return {};
  const auto body = read_body(request, kMaxBodyBytes);
  if (!body) return {};
  auto changed = change_control(context, request.caller(), request.param("id"), *body);
  if (changed) answer_state(context, request);
  return changed;
}

}  // namespace

Result<void> change_control(Context& context, const Caller& caller, const std::string& session_id,
                            const std::string& body) {
  const auto row = find_session(context, session_id);
  if (!row) return fail(row.error());
  if (caller.desktop != DesktopRole::control) return permission_denied("you may only look at this desktop");
  if (is_deleted(*row)) return conflict("the session is deleted");
  auto fields = Fields::parse(body);
  if (!fields) return fail(fields.error());
  const std::string action = fields->required_string("action");
  const std::string viewer_id = fields->optional_string("viewer");
  if (auto ok = fields->check(); !ok) return ok;
  if (action != "take" && action != "release") return invalid_field("action", "must be take or release");
  DesktopControl& desktops = context.desktops;
  return action == "take" ? desktops.take(session_id, viewer_id) : desktops.release(session_id, viewer_id);
}

void add_desktop_routes(Router& router, Context& context) {
  log_desktop_control(context);
  router.add("GET", "session/:id/desktop", [&context](Request& request) { return get_desktop(context, request); });
  router.add("POST", "session/:id/desktop/control",
             [&context](Request& request) { return post_control(context, request); });
}

}  // namespace ottobot::api
