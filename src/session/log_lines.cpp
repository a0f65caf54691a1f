#include "ottobot/session/log_lines.hpp"

namespace ottobot {
namespace {

Json line(const Event& event, std::string_view level, std::string message, Json metadata = nullptr) {
  Json json{{"timestamp", to_rfc3339(event.timestamp)}, {"level", level}, {"message", std::move(message)}};
  if (!metadata.is_null()) json["metadata"] = std::move(metadata);
  return json;
}

Json call_metadata(const Event& event) {
  Json metadata{{"call_id", get_string(event.data, "call_id")}};
  for (const char* key : {"outcome", "exit_code"}) {
    if (const Json* value = find_member(event.data, key)) metadata[key] = *value;
  }
  return metadata;
}

Json turn_line(const Event& event) {
  const std::string outcome = get_string(event.data, "outcome");
  const std::string error = turn_error_text(event.data);
  const char* level = outcome == "failed" ? "error" : outcome == "limit" ? "warn" : "info";
  return line(event, level, "turn " + outcome + (error.empty() ? "" : ": " + error), event.data);
}

}  // namespace

std::optional<Json> log_line(const Event& event) {
  const Json& data = event.data;
  const Json* metadata = find_member(data, "metadata");
  switch (event.type) {
    case EventType::log:
      return line(event, get_string(data, "level", "info"), get_string(data, "message"), metadata ? *metadata : Json());
    case EventType::session_created:
      return line(event, "info", "session created",
                  {{"environment", get_string(data, "environment")}, {"model", get_string(data, "model")}});
    case EventType::phase_changed:
      return line(event, "info", get_string(data, "message"), {{"phase", get_string(data, "phase")}});
    case EventType::status_changed: {
      const std::string status = get_string(data, "status");
      const std::string reason = get_string(data, "reason");
      return line(event, status == "error" ? "error" : "info",
                  "status " + status + (reason.empty() ? "" : ": " + reason));
    }
    case EventType::model_call_started:
      return line(event, "debug", "model call",
                  {{"model", get_string(data, "model")}, {"step", get_int(data, "step")}});
    case EventType::tool_intent:
      return line(event, "debug", "calling " + get_string(data, "name"), call_metadata(event));
    case EventType::tool_result: {
      const std::string outcome = get_string(data, "outcome");
      return line(event, outcome == "unknown" ? "warn" : "info", get_string(data, "name") + ": " + outcome,
                  call_metadata(event));
    }
    case EventType::stop_requested:
      return line(event, "info", "stop requested");
    case EventType::delete_requested:
      return line(event, "info", "delete requested");
    case EventType::turn_finished:
      return turn_line(event);
    case EventType::sandbox_lost:
    case EventType::warning:
      return line(event, "warn", get_string(data, "message"));
    default:
      return std::nullopt;
  }
}

}  // namespace ottobot
