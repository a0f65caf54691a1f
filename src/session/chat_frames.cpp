#include "ottobot/session/chat_frames.hpp"

namespace ottobot {
namespace {

constexpr std::size_t kResultPreview = 2000;  // bytes of a tool's output in its frame; /events has all of it

Json frame(std::string_view type, std::string content, const Event& event, Json metadata = nullptr) {
  Json json{{"type", type}, {"content", std::move(content)}, {"timestamp", event.timestamp}, {"seq", event.seq}};
  if (!metadata.is_null()) json["metadata"] = std::move(metadata);
  return json;
}

std::string preview(std::string text) {
  if (text.size() <= kResultPreview) return text;
  text.resize(kResultPreview);
  text.resize(utf8_complete_prefix(text));
  return text + "…";
}

Json status_metadata(const Json& data) {
  Json metadata{{"session_status", get_string(data, "status")}};
  if (const Json* reason = find_member(data, "reason")) metadata["reason"] = *reason;
  return metadata;
}

std::string status_text(const Json& data) {
  const std::string reason = get_string(data, "reason");
  return reason.empty() ? "Session is " + get_string(data, "status") : reason;
}

std::string turn_text(const Json& data) {
  const std::string outcome = get_string(data, "outcome");
  if (outcome == "stopped") return "Turn stopped";
  if (outcome == "limit") return "Turn ended at a limit: " + turn_error_text(data);
  if (outcome == "failed") return "Turn failed";
  return "Turn completed";
}

std::vector<Json> turn_frames(const Event& event) {
  std::vector<Json> frames;
  if (get_string(event.data, "outcome") == "failed") {
    const std::string text = turn_error_text(event.data);
    const std::string message = get_string(event.data.value("error", Json::object()), "message", "the turn failed");
    frames.push_back(error_frame(message, text.empty() ? message : text, event.timestamp));
  }
  Json metadata = event.data;
  metadata["session_status"] = "ready";
  frames.push_back(frame("system_update", turn_text(event.data), event, std::move(metadata)));
  return frames;
}

Json prompt_frame(const Event& event) {
  const Json* client_id = find_member(event.data, "client_id");
  return frame("user_prompt", get_string(event.data, "content"), event,
               client_id ? Json{{"client_id", *client_id}} : Json());
}

Json result_frame(const Event& event) {
  const Json* content = find_member(event.data, "content");
  Json metadata{{"tool_used", get_string(event.data, "name")},
                {"call_id", get_string(event.data, "call_id")},
                {"outcome", get_string(event.data, "outcome")}};
  if (const Json* exit_code = find_member(event.data, "exit_code")) metadata["exit_code"] = *exit_code;
  return frame("agent_action", "Tool result: " + preview(content ? text_of_content(*content) : ""), event,
               std::move(metadata));
}

}  // namespace

bool is_chat_visible(const Event& event) {
  switch (event.type) {
    case EventType::session_created:
    case EventType::model_call_started:
    case EventType::delete_requested:
    case EventType::log:
      return false;
    case EventType::agent_message:
      return !get_string(event.data, "content").empty();
    default:
      return true;
  }
}

std::vector<Json> chat_frames(const Event& event) {
  if (!is_chat_visible(event)) return {};
  const Json& data = event.data;
  switch (event.type) {
    case EventType::phase_changed:
      return {frame("system_update", get_string(data, "message"), event,
                    {{"phase", get_string(data, "phase")}, {"progress", get_int(data, "progress")}})};
    case EventType::status_changed:
      return {frame("system_update", status_text(data), event, status_metadata(data))};
    case EventType::user_prompt:
      return {prompt_frame(event)};
    case EventType::agent_thinking:
      return {frame("agent_thinking", get_string(data, "content"), event)};
    case EventType::agent_message:
      return {frame("agent_response", get_string(data, "content"), event, {{"message_id", event.id}})};
    case EventType::tool_intent: {
      const std::string name = get_string(data, "name");
      const Json* args = find_member(data, "args");
      return {frame("agent_action", "Using " + name + "...", event,
                    {{"tool_used", name}, {"call_id", get_string(data, "call_id")}, {"args", args ? *args : Json()}})};
    }
    case EventType::tool_result:
      return {result_frame(event)};
    case EventType::approval_requested:
      return {frame("approval_request", "Approval needed for " + get_string(data, "name"), event, data)};
    case EventType::approval_answered:
      return {frame("system_update", "Approval answered: " + get_string(data, "decision"), event, data)};
    case EventType::stop_requested:
      return {frame("system_update", "Stop requested", event, data)};
    case EventType::turn_finished:
      return turn_frames(event);
    case EventType::workspace_changed:
      return {frame("download_ready", "The project is ready to download", event, data)};
    default:
      return {frame("system_update", get_string(data, "message"), event, data)};
  }
}

Json connected_frame(SessionStatus status, Seq last_seq, UnixMillis now) {
  return {{"type", "system_update"},
          {"content", "Connected to session"},
          {"timestamp", now},
          {"metadata", {{"session_status", to_string(status)}, {"last_seq", last_seq}}}};
}

Json prompt_receipt_frame(const std::string& content, const std::string& client_id, Seq seq, UnixMillis now) {
  return {{"type", "user_prompt"},
          {"content", content},
          {"timestamp", now},
          {"metadata", {{"client_id", client_id}, {"seq", seq}}}};
}

Json error_frame(const std::string& error, const std::string& content, UnixMillis now) {
  return {{"type", "error"}, {"error", error}, {"content", content}, {"timestamp", now}};
}

Json delta_frame(const Json& ephemeral, UnixMillis now) {
  if (get_string(ephemeral, "kind") != "delta") return nullptr;
  Json metadata{{"message_id", get_string(ephemeral, "message_id")}, {"offset", get_int(ephemeral, "offset")}};
  if (get_bool(ephemeral, "reset")) metadata["reset"] = true;
  return {{"type", "agent_delta"},
          {"content", get_string(ephemeral, "text")},
          {"timestamp", now},
          {"metadata", std::move(metadata)}};
}

}  // namespace ottobot
