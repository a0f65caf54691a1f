#include "api/chat.hpp"

#include "api/chat_socket.hpp"
#include "api/input.hpp"
#include "api/page_links.hpp"
#include "api/refused_socket.hpp"

namespace ottobot::api {

namespace {

Result<void> serve_chat(Context& context, Request& request) {
  ChatOptions options{request.session_id(), request.caller(), links_for(context, request.head())};
  const auto deltas = query_text(request.head(), "deltas");
  const auto given = query_text(request.head(), "after");
  const auto after = query_int(request.head(), "after", {0, INT64_MAX, 0});
  if (auto ok = check_query(after, deltas); !ok) return ok;
  options.with_deltas = *deltas == "1";
  if (*given) options.after = *after;
  auto slot = context.streams.enter(request, options.session_id);
  if (!slot) return {};
  auto user_slot = context.user_sockets.enter(request);
  if (!user_slot) return {};
  options.slot = std::move(*user_slot);
  const auto chat = std::make_shared<ChatSocket>(context.shared_from_this(), std::move(options), std::move(*slot));
  auto client = request.exchange().accept_websocket({}, chat);
  if (client) chat->open(std::move(*client));
  return {};
}

}  // namespace

void add_chat_route(Router& router, Context& context) {
  RouteRules rules = rules::kRead;  // prompts and stops are looked at one by one
  rules.refuse = [&context](Request& request, const Refusal& refusal) {
    refuse_socket(request, refusal, {}, chat_error(refusal.error, context.deps.clock.now_ms()));
  };
  router.add("GET", "session/:id/chat", std::move(rules),
             [&context](Request& request) { return serve_chat(context, request); });
}

}  // namespace ottobot::api
