#include "api/tickets.hpp"

#include "api/base64url.hpp"
#include "ottobot/ids.hpp"
#include "ottobot/json.hpp"

namespace ottobot::api {
namespace {

constexpr int kVersion = 1;
constexpr std::size_t kMaxBytes = 1024;  // of a ticket: longer ones are none of ours

std::optional<Ticket> parse_payload(const std::string& payload) {
  const auto json = parse_json(payload);
  if (!json || !json->is_object() || get_int(*json, "v") != kVersion) return std::nullopt;
  const auto role = parse_role(get_string(*json, "r"));
  Ticket ticket{get_string(*json, "u"), get_string(*json, "s"), role.value_or(DesktopRole::view), get_int(*json, "e"),
                get_bool(*json, "a")};
  if (!role || ticket.session_id.empty() || ticket.expires_at <= 0) return std::nullopt;
  return ticket;
}

}  // namespace

std::string sign_ticket(const Ticket& ticket, std::string_view secret) {
  Json fields{{"v", kVersion},
              {"u", ticket.user},
              {"s", ticket.session_id},
              {"r", to_string(ticket.role)},
              {"e", ticket.expires_at}};
  if (ticket.apps_only) fields["a"] = true;
  const std::string payload = encode_base64url(dump_json(fields));
  return payload + "." + encode_base64url(hmac_sha256(secret, payload));
}

tl::expected<Ticket, TicketProblem> verify_ticket(std::string_view text, std::string_view secret, UnixMillis now) {
  const std::size_t dot = text.find('.');
  if (text.size() > kMaxBytes || dot == std::string_view::npos) return tl::unexpected(TicketProblem::forged);
  const std::string_view payload = text.substr(0, dot);
  const std::string signature = encode_base64url(hmac_sha256(secret, payload));
  if (!constant_time_equals(text.substr(dot + 1), signature)) return tl::unexpected(TicketProblem::forged);
  const auto decoded = decode_base64url(payload);
  const auto ticket = decoded ? parse_payload(*decoded) : std::nullopt;
  if (!ticket) return tl::unexpected(TicketProblem::forged);
  if (ticket->expires_at <= now) return tl::unexpected(TicketProblem::expired);
  return *ticket;
}

std::string_view to_string(DesktopRole role) { return role == DesktopRole::view ? "view" : "control"; }

std::optional<DesktopRole> parse_role(std::string_view name) {
  if (name == "view") return DesktopRole::view;
  if (name == "control") return DesktopRole::control;
  return std::nullopt;
}

}  // namespace ottobot::api
