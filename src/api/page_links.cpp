#include "api/page_links.hpp"

namespace ottobot::api {
namespace {

constexpr UnixMillis kDay = 86'400'000;

UnixMillis end_of_page(const Context& context, const SessionRow& row) {
  const UnixMillis age_days = std::max<UnixMillis>(0, context.deps.clock.now_ms() - row.created_at) / kDay;
  return row.created_at + (age_days + 2) * kDay;
}

}  // namespace

Links links_for(const Context& context, const net::RequestHead& head) {
  std::string base = context.options.public_url;
  if (base.empty()) base = context.access->forwarded_base(head);
  return Links({std::move(base), context.options.host, context.port}, head);
}

std::string page_ticket(const Context& context, const Caller& caller, const SessionRow& row) {
  if (context.access->is_open() && !caller.has_ticket()) return {};
  return context.access->make_ticket(caller, row.id, caller.desktop, end_of_page(context, row));
}

std::string app_ticket(const Context& context, const Caller& caller, const SessionRow& row) {
  if (context.access->is_open()) return {};
  return context.access->make_app_ticket(caller, row.id, end_of_page(context, row));
}

}  // namespace ottobot::api
