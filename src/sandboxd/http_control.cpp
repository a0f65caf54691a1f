#include "sandboxd/http_reply.hpp"
#include "sandboxd/http_routes.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kMaxBody = 4U << 20U;

Result<Json> read_json(net::Exchange& exchange) {
  auto body = exchange.read_body(kMaxBody);
  if (!body) return fail(body.error());
  auto json = parse_json(*body);
  if (!json) return fail(json.error());
  if (!json->is_object()) return invalid_argument("the body must be a JSON object");
  return json;
}

Result<std::int64_t> read_epoch(const Json& body, bool required) {
  const Json* epoch = find_member(body, "epoch");
  if (epoch == nullptr && !required) return std::int64_t{INT64_MAX};
  const auto value = epoch != nullptr ? epoch_from_json(*epoch) : std::nullopt;
  if (!value) return invalid_field("epoch", "must be a non-negative integer");
  return *value;
}

Result<Json> claim(const Json& body, Toolset& toolset) {
  auto epoch = read_epoch(body, true);
  if (!epoch) return fail(epoch.error());
  if (auto claimed = toolset.epochs().claim(*epoch); !claimed) return fail(claimed.error());
  return Json{{"boot_id", toolset.boot_id()}, {"epoch", *epoch}};
}

Result<void> admit(const Json& body, Toolset& toolset) {
  auto epoch = read_epoch(body, false);
  if (!epoch) return fail(epoch.error());
  return toolset.epochs().admit(*epoch);
}

Result<Json> cancel(const Json& body, Toolset& toolset) {
  if (auto admitted = admit(body, toolset); !admitted) return fail(admitted.error());
  std::string id = get_string(body, "call_id");
  if (id.empty()) return invalid_field("call_id", "must be a non-empty string");
  return Json{{"cancelled", toolset.journal().cancel(id)}};
}

Result<Json> acknowledge(const Json& body, Toolset& toolset) {
  if (auto admitted = admit(body, toolset); !admitted) return fail(admitted.error());
  const Json* list = find_member(body, "call_ids");
  if (list == nullptr || !list->is_array()) return invalid_field("call_ids", "must be an array of strings");
  std::vector<std::string> ids;
  for (const Json& id : *list) {
    if (!id.is_string()) return invalid_field("call_ids", "must be an array of strings");
    ids.push_back(id.get<std::string>());
  }
  toolset.journal().acknowledge(ids);
  return Json::object();
}

}  // namespace

void handle_control(net::Exchange& exchange, Toolset& toolset, std::string_view action) {
  using Action = Result<Json> (*)(const Json&, Toolset&);
  Action run = action == "claim" ? claim : action == "cancel" ? cancel : action == "ack" ? acknowledge : nullptr;
  if (run == nullptr)
    return exchange.respond(error_reply(not_found("no such control: " + std::string(action)).value()));
  if (exchange.request().method != "POST") return exchange.respond(method_not_allowed("POST"));
  auto body = read_json(exchange);
  auto reply = body ? run(*body, toolset) : std::move(body);
  exchange.respond(reply ? json_reply(200, *reply) : error_reply(reply.error()));
}

}  // namespace ottobot::sandboxd
