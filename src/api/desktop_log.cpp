#include "api/desktop_log.hpp"

namespace ottobot::api {
namespace {

Result<void> post_line(Context& context, const std::string& session_id, DesktopControl::Step step) {
  const auto row = context.deps.store.get_session(session_id, context.task_call());
  if (!row) return fail(row.error());
  if (row->status == SessionStatus::terminated) return {};  // the desktop is gone, and who controlled it knows that
  AppendParams params;
  params.session_id = session_id;
  params.events = {events::log(LogLevel::info, std::move(step.log_message), std::move(step.log_metadata))};
  const auto appended = context.deps.store.post_inbox(params, context.task_call());
  if (!appended) return fail(appended.error());
  return {};
}

void follow(Context& context, const std::string& session_id) {
  DesktopControl::Step step = context.desktops.next_step(session_id);
  if (step.again_in) {
    context.tasks.run_after(*step.again_in, [&context, session_id] { follow(context, session_id); });
  }
  if (step.log_message.empty()) return;
  if (auto posted = post_line(context, session_id, std::move(step)); !posted) {
    context.deps.logger.warn("a change of who controls the desktop was not logged",
                             {{"session", session_id}, {"error", posted.error().to_string()}});
  }
}

}  // namespace

void log_desktop_control(Context& context) {
  context.desktops.on_change([&context](const std::string& session_id) {
    context.tasks.run([&context, session_id] { follow(context, session_id); });
  });
}

}  // namespace ottobot::api
