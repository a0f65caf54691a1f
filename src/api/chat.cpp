#include "api/chat.hpp"

#include "api/chat_socket.hpp"
#include "api/input.hpp"

namespace ottobot::api {

Result<void> serve_chat(Context& context, Request& request) {
  ChatOptions options;
  options.session_id = request.param("id");
  options.with_deltas = request.head().query_param("deltas") == "1";
  if (const auto after = request.head().query_param("after")) {
    const auto seq = parse_int("after", *after, {0, INT64_MAX, 0});
    if (!seq) return fail(seq.error());
    options.after = *seq;
  }
  const auto chat = std::make_shared<ChatSocket>(context.shared_from_this(), std::move(options));
  auto client = request.exchange().accept_websocket({}, chat);
  if (client) chat->open(std::move(*client));
  return {};
}

}  // namespace ottobot::api
