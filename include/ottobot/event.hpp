// Events: the session is its log of them.
//
// An event is immutable once appended. `seq` counts from 1 without gaps within a session; `id` is unique within it, and
// appending the same id again returns the seq of the first time. `data` is what /events and chat show; `internal` is
// stored with it and never leaves the process that runs the agent (signatures, request ids, sandbox boot ids).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ottobot/clock.hpp"
#include "ottobot/json.hpp"
#include "ottobot/log.hpp"
#include "ottobot/message.hpp"

namespace ottobot {

using Seq = std::int64_t;  // 0 = before the first event

enum class EventType {
  session_created,     // {initial_prompt, environment, model, image}
  phase_changed,       // {phase, progress, message}
  status_changed,      // {status, reason?}
  user_prompt,         // {content, client_id?}
  model_call_started,  // {model, step, request_hash}
  agent_thinking,      // {content}
  agent_message,       // {content, tool_calls:[{call_id, name}], usage}; internal {message: to_json(Message)}
  tool_intent,         // {call_id, name, args}; internal {boot_id, read_only}
  tool_result,         // {call_id, name, outcome, content, exit_code?, clipped?}; internal {structured?, provider_id?}
  approval_requested,  // {request_id, call_id, name, args}
  approval_answered,   // {request_id, decision, by}
  stop_requested,      // {by}
  delete_requested,    // {by}; internal
  turn_finished,       // {outcome, steps, usage, error?: {code, message, hint?}}; internal {duration_ms}
  workspace_changed,   // {download_url, changed_files}
  sandbox_lost,        // {message}
  model_changed,       // {message, model}
  condensed,           // {message}
  warning,             // {message}
  log,                 // {level, message, metadata?}
};

std::string_view to_string(EventType type);
std::optional<EventType> parse_event_type(std::string_view name);

struct NewEvent {
  std::string id;  // from new_event_id(); kept over retries of the append
  EventType type = EventType::log;
  Json data = Json::object();
  Json internal;  // null if none
};

struct Event {
  Seq seq = 0;
  std::string id;
  EventType type = EventType::log;
  UnixMillis timestamp = 0;  // set by the store
  Json data = Json::object();
  Json internal;
};

// {seq, id, type, timestamp, data}; never `internal`. The contract's types only: a delete_requested is a log line
// there. Images and sounds of tool results have `size_bytes` in place of their data.
Json to_public_json(const Event& event);

enum class SessionStatus { initializing, ready, running, terminating, terminated, error };
std::string_view to_string(SessionStatus status);
std::optional<SessionStatus> parse_session_status(std::string_view name);

// Phases, as in the contract: what the session is waiting for.
namespace phase {
inline constexpr std::string_view kQueued = "queued";
inline constexpr std::string_view kAllocatingPorts = "allocating_ports";
inline constexpr std::string_view kStartingContainer = "starting_container";
inline constexpr std::string_view kWaitingForTools = "waiting_for_tools";
inline constexpr std::string_view kReady = "ready";
inline constexpr std::string_view kWaitingForInput = "waiting_for_input";
inline constexpr std::string_view kExpired = "expired";
}  // namespace phase

enum class TurnOutcome { completed, stopped, failed, limit };
std::string_view to_string(TurnOutcome outcome);
std::optional<TurnOutcome> parse_turn_outcome(std::string_view name);

// Builders: the only places that know the shape of each event's data.
namespace events {
struct SessionFacts {
  std::string initial_prompt, environment, model, image;
};
NewEvent session_created(const SessionFacts& facts);
NewEvent phase_changed(std::string_view phase, int progress, std::string message);
NewEvent status_changed(SessionStatus status, std::string reason = {});
NewEvent user_prompt(std::string content, std::string client_id = {});
NewEvent model_call_started(std::string model, int step, std::string request_hash);
NewEvent agent_thinking(std::string content);
NewEvent agent_message(const Message& message, const Usage& usage);
NewEvent tool_intent(const ToolCallPart& call, std::string boot_id, bool read_only);
NewEvent tool_result(ToolResultPart result);
NewEvent stop_requested(std::string by);
NewEvent delete_requested(std::string by);
struct TurnSummary {
  TurnOutcome outcome = TurnOutcome::completed;
  int steps = 0;
  Usage usage;
  std::optional<Error> error;  // why a turn failed, or which limit it met
};
NewEvent turn_finished(const TurnSummary& summary);
NewEvent workspace_changed(std::string download_url, std::vector<std::string> changed_files);
NewEvent sandbox_lost(std::string message);
NewEvent warning(std::string message);
NewEvent log(LogLevel level, std::string message, Json metadata = nullptr);
}  // namespace events

// The error of turn_finished's data as a sentence, its hint in brackets; empty when there is none.
std::string turn_error_text(const Json& data);

}  // namespace ottobot
