// The neutral form of a conversation: what the event log folds to and what every LlmProvider translates to its wire.
//
// Values only. Parts keep their order: providers that sign parts (Gemini's thought signatures, encrypted reasoning) put
// the signature into `opaque` of exactly that part, tagged with provider and model, and echo it in the same place.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "ottobot/json.hpp"

namespace ottobot {

struct TextPart {
  std::string text;
  Json opaque;  // provider data of this part, e.g. {"provider":"gemini","model":"…","thoughtSignature":"…"}; null if
                // none
};

struct ThinkingPart {
  std::string text;
  Json opaque;
};

struct ToolCallPart {
  std::string call_id;      // ours, unique in the session
  std::string provider_id;  // the vendor's id of the call; empty when it sent none
  std::string name;
  Json args = Json::object();
  Json opaque;
};

enum class ToolOutcome {
  ok,
  error,    // the tool ran and failed, or refused its arguments
  unknown,  // it was sent, and the sandbox was lost before it answered; it is not run again
  not_run,  // it was never sent: stopped, or the turn hit a limit
};

struct ToolResultPart {
  std::string call_id;
  std::string provider_id;
  std::string name;
  ToolOutcome outcome = ToolOutcome::ok;
  Json content =
      Json::array();  // MCP content blocks: [{"type":"text","text":…}, {"type":"image","data":b64,"mimeType":…}]
  Json structured;    // MCP structuredContent; null if none
};

using Part = std::variant<TextPart, ThinkingPart, ToolCallPart, ToolResultPart>;

enum class Role { user, model };

struct Message {
  Role role = Role::user;
  std::vector<Part> parts;
};

struct Usage {
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;  // thinking included
  std::int64_t cached_tokens = 0;  // part of input_tokens
  double cost_usd = 0;             // 0 when the price is not known

  Usage& operator+=(const Usage& other);
  bool operator==(const Usage&) const = default;
};

std::string_view to_string(ToolOutcome outcome);
Result<ToolOutcome> parse_tool_outcome(std::string_view name);
std::string_view to_string(Role role);

// Lossless, for the log: {"role","parts":[{"type":"text"|"thinking"|"tool_call"|"tool_result", …}]}.
Json to_json(const Message& message);
Result<Message> message_from_json(const Json& json);
Json to_json(const Usage& usage);  // {input_tokens, output_tokens, cached_tokens?, cost_usd?}
Usage usage_from_json(const Json& json);

// The text parts of `message`, joined.
std::string text_of(const Message& message);
// The text blocks of MCP content, joined by newlines.
std::string text_of_content(const Json& content);

}  // namespace ottobot
