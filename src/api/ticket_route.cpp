#include "api/ticket_route.hpp"

#include "api/errors.hpp"
#include "api/input.hpp"

namespace ottobot::api {
namespace {

constexpr std::int64_t kMinSeconds = 10, kMaxSeconds = 86'400, kDefaultSeconds = 3600;

struct NewTicket {
  DesktopRole role = DesktopRole::control;
  std::int64_t expires_in_s = kDefaultSeconds;
};

// No body is as good as an empty object.
Result<NewTicket> parse_new_ticket(const std::string& body) {
  NewTicket asked;
  if (body.empty()) return asked;
  auto fields = Fields::parse(body);
  if (!fields) return fail(fields.error());
  const auto role = fields->optional_string("role");
  const auto known = parse_role(role);
  if (!role.empty() && !known) fields->reject("role", "must be control or view");
  asked.role = known.value_or(asked.role);
  asked.expires_in_s = fields->optional_integer("expires_in").value_or(asked.expires_in_s);
  if (asked.expires_in_s < kMinSeconds || asked.expires_in_s > kMaxSeconds) {
    fields->reject("expires_in", "must be 10 to 86400 seconds");
  }
  if (auto ok = fields->check(); !ok) return fail(ok.error());
  return asked;
}

Result<void> make_ticket(Context& context, Request& request) {
  const auto body = read_fields(context, request);
  if (!body) return {};
  const auto asked = parse_new_ticket(*body);
  if (!asked) return fail(asked.error());
  const auto row = find_session(context, request);
  if (!row) return fail(row.error());
  if (is_deleted(*row)) return conflict("the session was deleted: nothing is left to let anybody into");
  const UnixMillis expires_at = context.deps.clock.now_ms() + asked->expires_in_s * 1000;
  net::Response response =
      json_response(201, {{"ticket", context.access->make_ticket(request.caller(), row->id, asked->role, expires_at)},
                          {"expires_at", to_rfc3339(expires_at)}});
  response.headers.add("Cache-Control", "no-store");
  context.access->audit("ticket_made", request.caller(), row->id);
  request.exchange().respond(std::move(response));
  return {};
}

}  // namespace

void add_ticket_route(Router& router, Context& context) {
  router.add("POST", "session/:id/ticket", rules::kMake,
             [&context](Request& request) { return make_ticket(context, request); });
}

}  // namespace ottobot::api
