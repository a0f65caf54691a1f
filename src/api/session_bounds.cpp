#include "api/session_bounds.hpp"

#include <algorithm>

#include "api/errors.hpp"

namespace ottobot::api {
namespace {

constexpr std::size_t kPage = 100;
// What is older has expired, or counts for nothing: the look at a user's sessions has an end.
constexpr std::size_t kLookedAt = 1000;

bool is_open(const SessionRow& row) {
  return row.status == SessionStatus::initializing || row.status == SessionStatus::ready ||
         row.status == SessionStatus::running;
}

Result<std::size_t> count_open(Context& context, const std::string& user, std::size_t enough) {
  std::size_t open = 0;
  ListSessionsParams params{user, kPage, 0};
  for (; params.offset < kLookedAt && open < enough; params.offset += kPage) {
    const auto page = context.deps.sessions.list(params, context.store_call());
    if (!page) return fail(page.error());
    if (params.offset == 0 && page->total < enough) return page->total;  // however many of them are open
    open += static_cast<std::size_t>(std::count_if(page->sessions.begin(), page->sessions.end(), is_open));
    if (page->sessions.size() < kPage) break;
  }
  return open;
}

}  // namespace

Result<std::optional<SessionRoom>> find_room_for_session(Context& context, Request& request, const NewSession& asked) {
  const std::string& user = asked.user;
  const auto max = static_cast<std::size_t>(context.options.access.max_sessions_per_user);
  if (user.empty()) return SessionRoom();
  const auto known = context.deps.sessions.find_created(asked, context.store_call());
  if (!known) return fail(known.error());
  if (*known) return SessionRoom();
  if (auto ok = context.access->count_new_session(request.caller()); !ok) {
    request.exchange().respond(error_response(ok.error().status, ok.error().error));
    return std::nullopt;
  }
  if (max == 0) return SessionRoom();
  SessionRoom room = context.making_sessions.take(user, kStoreTimeout);
  if (!room) return unavailable("sessions are being made very slowly just now", "try again in a moment");
  const auto open = count_open(context, user, max);
  if (!open) return fail(open.error());
  if (*open < max) return room;
  request.exchange().respond(error_response(429, "this user has " + std::to_string(max) + " open sessions already",
                                            "delete one, or raise OTTOBOT_MAX_SESSIONS_PER_USER"));
  return std::nullopt;
}

}  // namespace ottobot::api
