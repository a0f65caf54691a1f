#include "api/chat.hpp"

#include "api/chat_socket.hpp"
#include "api/input.hpp"

namespace ottobot::api {

Result<void> serve_chat(Context& context, Request& request) {
  ChatOptions options;
  options.session_id = request.param("id");
  const auto deltas = query_text(request.head(), "deltas");
  const auto given = query_text(request.head(), "after");
  const auto after = query_int(request.head(), "after", {0, INT64_MAX, 0});
  if (auto ok = check_query(after, deltas); !ok) return ok;
  options.with_deltas = *deltas == "1";
  if (*given) options.after = *after;
  auto slot = context.streams.enter(request, options.session_id);
  if (!slot) return {};
  const auto chat = std::make_shared<ChatSocket>(context.shared_from_this(), std::move(options), std::move(*slot));
  auto client = request.exchange().accept_websocket({}, chat);
  if (client) chat->open(std::move(*client));
  return {};
}

}  // namespace ottobot::api
