#include "ottobot/event.hpp"

#include "ottobot/ids.hpp"

namespace ottobot {
namespace {

constexpr std::pair<EventType, std::string_view> kTypes[] = {
    {EventType::session_created, "session_created"},
    {EventType::phase_changed, "phase_changed"},
    {EventType::status_changed, "status_changed"},
    {EventType::user_prompt, "user_prompt"},
    {EventType::model_call_started, "model_call_started"},
    {EventType::agent_thinking, "agent_thinking"},
    {EventType::agent_message, "agent_message"},
    {EventType::tool_intent, "tool_intent"},
    {EventType::tool_result, "tool_result"},
    {EventType::approval_requested, "approval_requested"},
    {EventType::approval_answered, "approval_answered"},
    {EventType::stop_requested, "stop_requested"},
    {EventType::delete_requested, "delete_requested"},
    {EventType::turn_finished, "turn_finished"},
    {EventType::workspace_changed, "workspace_changed"},
    {EventType::sandbox_lost, "sandbox_lost"},
    {EventType::model_changed, "model_changed"},
    {EventType::condensed, "condensed"},
    {EventType::warning, "warning"},
    {EventType::log, "log"},
};

constexpr std::pair<SessionStatus, std::string_view> kStatuses[] = {
    {SessionStatus::initializing, "initializing"}, {SessionStatus::ready, "ready"},
    {SessionStatus::running, "running"},           {SessionStatus::terminating, "terminating"},
    {SessionStatus::terminated, "terminated"},     {SessionStatus::error, "error"},
};

template <class Enum, std::size_t N>
std::string_view name_of(const std::pair<Enum, std::string_view> (&table)[N], Enum value) {
  for (const auto& [known, name] : table) {
    if (known == value) return name;
  }
  return {};
}

template <class Enum, std::size_t N>
std::optional<Enum> value_of(const std::pair<Enum, std::string_view> (&table)[N], std::string_view name) {
  for (const auto& [value, known] : table) {
    if (known == name) return value;
  }
  return std::nullopt;
}

NewEvent make(EventType type, Json data, Json internal = nullptr) {
  return {new_event_id(), type, std::move(data), std::move(internal)};
}

// Bytes behind base64 text.
std::size_t decoded_size(std::string_view base64) {
  std::size_t padding = 0;
  while (padding < 2 && padding < base64.size() && base64[base64.size() - 1 - padding] == '=') ++padding;
  return base64.size() / 4 * 3 - (base64.size() >= 4 ? padding : 0);
}

// Pictures and sounds are for the model; who reads the log is told what and how large they are.
Json public_data(const Event& event) {
  Json data = event.data;
  if (event.type != EventType::tool_result || !find_member(data, "content")) return data;
  for (Json& block : data["content"]) {
    const Json* bytes = find_member(block, "data");
    if (bytes == nullptr || !bytes->is_string()) continue;
    block["size_bytes"] = decoded_size(bytes->get_ref<const std::string&>());
    block.erase("data");
  }
  return data;
}

}  // namespace

std::string_view to_string(EventType type) { return name_of(kTypes, type); }
std::optional<EventType> parse_event_type(std::string_view name) { return value_of(kTypes, name); }
std::string_view to_string(SessionStatus status) { return name_of(kStatuses, status); }
std::optional<SessionStatus> parse_session_status(std::string_view name) { return value_of(kStatuses, name); }

std::optional<TurnOutcome> parse_turn_outcome(std::string_view name) {
  for (const TurnOutcome outcome :
       {TurnOutcome::completed, TurnOutcome::stopped, TurnOutcome::failed, TurnOutcome::limit}) {
    if (to_string(outcome) == name) return outcome;
  }
  return std::nullopt;
}

std::string_view to_string(TurnOutcome outcome) {
  switch (outcome) {
    case TurnOutcome::completed:
      return "completed";
    case TurnOutcome::stopped:
      return "stopped";
    case TurnOutcome::failed:
      return "failed";
    case TurnOutcome::limit:
      return "limit";
  }
  return "failed";
}

Json to_public_json(const Event& event) {
  const bool is_delete = event.type == EventType::delete_requested;
  return {
      {"seq", event.seq},
      {"id", event.id},
      {"type", to_string(is_delete ? EventType::log : event.type)},
      {"timestamp", event.timestamp},
      {"data",
       is_delete ? Json{{"level", to_string(LogLevel::info)}, {"message", "delete requested"}, {"metadata", event.data}}
                 : public_data(event)}};
}

namespace events {

NewEvent session_created(const SessionFacts& facts) {
  return make(EventType::session_created, {{"initial_prompt", facts.initial_prompt},
                                           {"environment", facts.environment},
                                           {"model", facts.model},
                                           {"image", facts.image}});
}

NewEvent phase_changed(std::string_view phase, int progress, std::string message) {
  return make(EventType::phase_changed, {{"phase", phase}, {"progress", progress}, {"message", std::move(message)}});
}

NewEvent status_changed(SessionStatus status, std::string reason) {
  Json data{{"status", to_string(status)}};
  if (!reason.empty()) data["reason"] = std::move(reason);
  return make(EventType::status_changed, std::move(data));
}

NewEvent user_prompt(std::string content, std::string client_id) {
  Json data{{"content", std::move(content)}};
  if (!client_id.empty()) data["client_id"] = std::move(client_id);
  return make(EventType::user_prompt, std::move(data));
}

NewEvent model_call_started(std::string model, int step, std::string request_hash) {
  return make(EventType::model_call_started,
              {{"model", std::move(model)}, {"step", step}, {"request_hash", std::move(request_hash)}});
}

NewEvent agent_thinking(std::string content) {
  return make(EventType::agent_thinking, {{"content", std::move(content)}});
}

NewEvent agent_message(const Message& message, const Usage& usage) {
  Json calls = Json::array();
  for (const Part& part : message.parts) {
    if (const auto* call = std::get_if<ToolCallPart>(&part)) {
      calls.push_back({{"call_id", call->call_id}, {"name", call->name}});
    }
  }
  return make(EventType::agent_message,
              {{"content", text_of(message)}, {"tool_calls", std::move(calls)}, {"usage", to_json(usage)}},
              {{"message", to_json(message)}});
}

NewEvent tool_intent(const ToolCallPart& call, std::string boot_id, bool read_only) {
  return make(EventType::tool_intent, {{"call_id", call.call_id}, {"name", call.name}, {"args", call.args}},
              {{"boot_id", std::move(boot_id)}, {"read_only", read_only}});
}

NewEvent tool_result(ToolResultPart result) {
  Json data{{"call_id", result.call_id},
            {"name", result.name},
            {"outcome", to_string(result.outcome)},
            {"content", std::move(result.content)}};
  if (const Json* exit_code = find_member(result.structured, "exit_code");
      exit_code && exit_code->is_number_integer()) {
    data["exit_code"] = *exit_code;
  }
  if (get_bool(result.structured, "clipped")) data["clipped"] = true;
  Json internal = Json::object();
  if (!result.structured.is_null()) internal["structured"] = std::move(result.structured);
  if (!result.provider_id.empty()) internal["provider_id"] = std::move(result.provider_id);
  return make(EventType::tool_result, std::move(data), internal.empty() ? Json() : std::move(internal));
}

NewEvent stop_requested(std::string by) { return make(EventType::stop_requested, {{"by", std::move(by)}}); }
NewEvent delete_requested(std::string by) { return make(EventType::delete_requested, {{"by", std::move(by)}}); }

NewEvent turn_finished(const TurnSummary& summary) {
  Json data{{"outcome", to_string(summary.outcome)}, {"steps", summary.steps}, {"usage", to_json(summary.usage)}};
  if (summary.error) {
    data["error"] = {{"code", to_string(summary.error->code)}, {"message", summary.error->message}};
    if (!summary.error->hint.empty()) data["error"]["hint"] = summary.error->hint;
  }
  return make(EventType::turn_finished, std::move(data));
}

NewEvent workspace_changed(std::string download_url, std::vector<std::string> changed_files) {
  return make(EventType::workspace_changed,
              {{"download_url", std::move(download_url)}, {"changed_files", std::move(changed_files)}});
}

NewEvent sandbox_lost(std::string message) { return make(EventType::sandbox_lost, {{"message", std::move(message)}}); }
NewEvent warning(std::string message) { return make(EventType::warning, {{"message", std::move(message)}}); }

NewEvent log(LogLevel level, std::string message, Json metadata) {
  Json data{{"level", to_string(level)}, {"message", std::move(message)}};
  if (!metadata.is_null()) data["metadata"] = std::move(metadata);
  return make(EventType::log, std::move(data));
}

}  // namespace events

std::string turn_error_text(const Json& data) {
  const Json* error = find_member(data, "error");
  if (error == nullptr) return {};
  const std::string hint = get_string(*error, "hint");
  return get_string(*error, "message") + (hint.empty() ? "" : " (" + hint + ")");
}
}  // namespace ottobot
