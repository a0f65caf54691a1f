#include "api/event_routes.hpp"

#include "api/accept.hpp"
#include "api/errors.hpp"
#include "api/event_stream.hpp"
#include "api/input.hpp"
#include "api/log_scan.hpp"
#include "api/page_links.hpp"
#include "ottobot/session/log_lines.hpp"

namespace ottobot::api {
namespace {

constexpr IntRange kAfter{0, INT64_MAX, 0};
constexpr IntRange kEventLimit{1, 1000, 100};
constexpr IntRange kLogLimit{1, 1000, 100};

bool wants_event_stream(const Request& request) {
  if (request.is_head()) return false;
  const auto accept = request.head().headers.find("Accept").value_or("");
  const double stream = accept_weight(accept, "text/event-stream");
  return stream > 0 && stream >= accept_weight(accept, "application/json");
}

Result<void> get_events(Context& context, Request& request) {
  if (wants_event_stream(request)) return serve_event_stream(context, request);
  const auto after = query_int(request.head(), "after", kAfter);
  const auto limit = query_int(request.head(), "limit", kEventLimit);
  if (auto ok = check_query(after, limit); !ok) return ok;
  const auto row = find_session(context, request);
  if (!row) return fail(row.error());
  ReadParams params{row->id, *after};
  params.limit = static_cast<std::size_t>(*limit);
  const auto events = read_events(context.deps.store, params, context.store_call());
  if (!events) return fail(events.error());
  Json list = Json::array();
  const Links links = links_for(context, request.head());
  for (const Event& event : *events) list.push_back(links.in_full(to_public_json(event)));
  const Seq last_seq = events->empty() ? row->last_seq : std::max(row->last_seq, events->back().seq);
  request.exchange().respond(json_response(200, {{"events", std::move(list)}, {"last_seq", last_seq}}));
  return {};
}

Result<void> get_logs(Context& context, Request& request) {
  const auto limit = query_int(request.head(), "limit", kLogLimit);
  if (!limit) return fail(limit.error());
  const auto row = find_session(context, request);
  if (!row) return fail(row.error());
  const auto lines = find_last_events(
      context.deps.store, row->id, row->last_seq, static_cast<std::size_t>(*limit),
      [](const Event& event) { return log_line(event).has_value(); }, context.store_call());
  if (!lines) return fail(lines.error());
  Json logs = Json::array();
  for (const Event& event : *lines) logs.push_back(*log_line(event));
  request.exchange().respond(json_response(200, {{"session_id", row->id}, {"logs", std::move(logs)}}));
  return {};
}

}  // namespace

void add_event_routes(Router& router, Context& context) {
  router.add("GET", "session/:id/events", rules::kRead,
             [&context](Request& request) { return get_events(context, request); });
  router.add("GET", "session/:id/logs", rules::kRead,
             [&context](Request& request) { return get_logs(context, request); });
}

}  // namespace ottobot::api
