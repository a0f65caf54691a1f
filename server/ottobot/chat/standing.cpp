#include "chat/standing.hpp"

#include "ottobot/session/chat_frames.hpp"

namespace ottobot::cli::chat {
namespace {

void take(const Json& json, Standing& standing) {
  const auto type = parse_event_type(get_string(json, "type"));
  const Json* data = find_member(json, "data");
  standing.last_seq = get_int(json, "seq", standing.last_seq);
  if (!type || data == nullptr) return;
  const Event event{standing.last_seq, get_string(json, "id"), *type, get_int(json, "timestamp"), *data, nullptr};
  if (is_chat_visible(event)) standing.last_visible_seq = event.seq;
  if (event.type == EventType::user_prompt) ++standing.unanswered;
  if (event.type == EventType::turn_finished && standing.unanswered > 0) --standing.unanswered;
}

}  // namespace

Result<Standing> find_standing(const ServerClient& client, const std::string& path, const CallContext& ctx) {
  Standing standing;
  for (;;) {
    auto page = client.get(path + "/events?limit=1000&after=" + std::to_string(standing.last_seq), ctx);
    if (!page) return fail(page.error());
    const Json* events = find_member(*page, "events");
    if (events == nullptr || !events->is_array()) return internal_error("the server's answer has no events");
    if (events->empty()) return standing;
    for (const Json& event : *events) take(event, standing);
  }
}

}  // namespace ottobot::cli::chat
