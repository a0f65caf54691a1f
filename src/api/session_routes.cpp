#include "api/session_routes.hpp"

#include "api/errors.hpp"
#include "api/input.hpp"
#include "api/page_links.hpp"
#include "api/session_bounds.hpp"

namespace ottobot::api {
namespace {

// Sessions as one caller is shown them: with a ticket of theirs in the desktop's URL.
class Presenter {
 public:
  Presenter(const Context& context, const Request& request)
      : context_(context), caller_(request.caller()), links_(links_for(context, request.head())) {}

  Json brief(const SessionRow& row) const;
  Json details(const SessionRow& row) const;

 private:
  const Context& context_;
  const Caller& caller_;
  const Links links_;
};

Json Presenter::brief(const SessionRow& row) const {
  return {{"session_id", row.id},
          {"status", to_string(row.status)},
          {"vnc_url", links_.vnc_url(row.id, row.vnc_port, page_ticket(context_, caller_, row))},
          {"chat_url", links_.chat_url(row.id)},
          {"created_at", to_rfc3339(row.created_at)},
          {"expires_at", to_rfc3339(row.expires_at)},
          {"initial_prompt", row.initial_prompt}};
}

Json usage_json(const Usage& usage) {
  Json json{{"input_tokens", usage.input_tokens}, {"output_tokens", usage.output_tokens}};
  if (usage.cost_usd > 0) json["cost_usd"] = usage.cost_usd;
  return json;
}

Json Presenter::details(const SessionRow& row) const {
  Json json = brief(row);
  json["model"] = row.model;
  json["environment"] = row.environment;
  json["phase"] = row.phase;
  json["last_seq"] = row.last_seq;
  json["usage"] = usage_json(row.usage);
  if (row.vnc_port != 0) json["vnc_port"] = row.vnc_port;
  if (row.mcp_port != 0) json["mcp_port"] = row.mcp_port;
  if (!row.error.empty()) json["error"] = row.error;
  return json;
}

Result<NewSession> parse_new_session(const SessionService& sessions, const std::string& body, const Request& request) {
  auto fields = Fields::parse(body);
  if (!fields) return fail(fields.error());
  NewSession session;
  session.user = request.caller().user;
  session.initial_prompt = fields->required_string("initial_prompt");
  const auto timeout = fields->optional_integer("timeout");
  // 0 means "the default" to the service, which is not what a client says with it.
  if (timeout == 0) fields->reject("timeout", "must be 300 to 7200 seconds");
  session.timeout_s = timeout.value_or(0);
  session.environment = fields->optional_string("environment");
  session.model = fields->optional_string("model");
  session.image = fields->optional_string("image");
  if (const auto key = request.head().headers.find("Idempotency-Key")) session.idempotency_key = std::string(*key);
  if (auto ok = fields->check([&] { return sessions.check(session); }); !ok) return fail(ok.error());
  return session;
}

Result<void> create_session(Context& context, Request& request) {
  const auto body = read_fields(context, request);
  if (!body) return {};
  const auto asked = parse_new_session(context.deps.sessions, *body, request);
  if (!asked) return fail(asked.error());
  const auto room = find_room_for_session(context, request, *asked);
  if (!room) return fail(room.error());
  if (!*room) return {};
  const UnixMillis asked_at = context.deps.clock.now_ms();
  const auto row = context.deps.sessions.create(*asked, context.store_call());
  if (!row) return fail(row.error());
  net::Response response = json_response(201, Presenter(context, request).brief(*row));
  response.headers.add("Location", "/session/" + row->id);
  const bool is_new = row->created_at >= asked_at;  // else an earlier request made it
  if (is_new) context.access->audit("session_created", request.caller(), row->id);
  request.exchange().respond(std::move(response));
  return {};
}

Result<void> list_sessions(Context& context, Request& request) {
  const auto limit = query_int(request.head(), "limit", {1, 100, 20});
  const auto offset = query_int(request.head(), "offset", {0, INT64_MAX, 0});
  if (auto ok = check_query(limit, offset); !ok) return ok;
  ListSessionsParams params;
  params.limit = static_cast<std::size_t>(*limit);
  params.offset = static_cast<std::size_t>(*offset);
  if (!request.caller().user.empty()) params.user = request.caller().user;
  const auto page = context.deps.sessions.list(params, context.store_call());
  if (!page) return fail(page.error());
  const Presenter presenter(context, request);
  Json sessions = Json::array();
  for (const SessionRow& row : page->sessions) sessions.push_back(presenter.brief(row));
  request.exchange().respond(json_response(
      200, {{"sessions", std::move(sessions)}, {"total", page->total}, {"limit", *limit}, {"offset", *offset}}));
  return {};
}

Result<void> get_session(Context& context, Request& request) {
  const auto row = find_session(context, request);
  if (!row) return fail(row.error());
  request.exchange().respond(json_response(200, Presenter(context, request).details(*row)));
  return {};
}

Result<void> delete_session(Context& context, Request& request) {
  const std::string& id = request.session_id();
  if (auto removed = context.deps.sessions.remove(id, request.caller().user, context.store_call()); !removed) {
    return fail(removed.error());
  }
  context.access->audit("session_deleted", request.caller(), id);
  request.exchange().respond(json_response(202, {{"message", "Session termination initiated"}, {"session_id", id}}));
  return {};
}

Result<void> post_message(Context& context, Request& request) {
  const auto body = read_fields(context, request);
  if (!body) return {};
  auto fields = Fields::parse(*body);
  if (!fields) return fail(fields.error());
  const std::string content = fields->required_string("content");
  const std::string client_id = fields->optional_string("id");
  if (auto ok = fields->check([&] { return check_prompt(content, client_id); }); !ok) return ok;
  const auto seq = context.deps.sessions.post_prompt(request.session_id(), request.caller().user, content, client_id,
                                                     context.store_call());
  if (!seq) return fail(seq.error());
  request.exchange().respond(json_response(202, {{"seq", *seq}}));
  return {};
}

Result<void> stop_session(Context& context, Request& request) {
  const std::string& id = request.session_id();
  if (auto stopped = context.deps.sessions.stop(id, request.caller().user, context.store_call()); !stopped) {
    return fail(stopped.error());
  }
  request.exchange().respond(json_response(202, {{"message", "Stop requested"}, {"session_id", id}}));
  return {};
}

}  // namespace

void add_session_routes(Router& router, Context& context) {
  const auto add = [&](const char* method, const char* pattern, const RouteRules& rules,
                       Result<void> (*handler)(Context&, Request&)) {
    router.add(method, pattern, rules, [&context, handler](Request& request) { return handler(context, request); });
  };
  add("POST", "session", rules::kMake, create_session);
  add("GET", "session", rules::kReadAll, list_sessions);
  add("GET", "session/:id", rules::kRead, get_session);
  add("DELETE", "session/:id", rules::kChange, delete_session);
  add("POST", "session/:id/messages", rules::kChange, post_message);
  add("POST", "session/:id/stop", rules::kChange, stop_session);
}

}  // namespace ottobot::api
