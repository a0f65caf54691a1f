// Vocabulary of the Model Context Protocol that our client and server share. Source: the specification's schemas of
// revisions 2025-11-25 (legacy era: initialize, sessions) and 2026-07-28 (modern era: stateless).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ottobot/json.hpp"

namespace ottobot::mcp {

inline constexpr std::string_view kLegacyVersion = "2025-11-25";
inline constexpr std::string_view kModernVersion = "2026-07-28";

// Keys of _meta that make calls idempotent (docs/architecture.md).
namespace meta {
inline constexpr const char* kCallId = "ottobot/call-id";
inline constexpr const char* kEpoch = "ottobot/epoch";
inline constexpr const char* kBootId = "ottobot/boot-id";
inline constexpr const char* kReplayed = "ottobot/replayed";
}  // namespace meta

struct Implementation {
  std::string name, version;
};

struct ToolAnnotations {
  bool read_only = false;
  bool destructive = true;
  bool idempotent = false;
  bool open_world = true;
};

struct Tool {
  std::string name;  // [A-Za-z0-9_.-]{1,128}
  std::string title;
  std::string description;
  Json input_schema = Json::object({{"type", "object"}});
  Json output_schema;  // null if none
  ToolAnnotations annotations;
  // Server side, not listed: ClientCapabilities that a caller must declare ({"sampling": {}}); null if none. Callers
  // that do not are refused with MissingRequiredClientCapability.
  Json needed_capabilities;
};

struct CallToolResult {
  Json content = Json::array();
  Json structured;  // null if none
  bool is_error = false;
  Json meta;  // null if none
};

Json to_json(const Tool& tool);
Result<Tool> tool_from_json(const Json& json);
Json to_json(const CallToolResult& result);
Result<CallToolResult> call_tool_result_from_json(const Json& json);

// One text block.
CallToolResult text_result(std::string text);
CallToolResult error_result(std::string text);

}  // namespace ottobot::mcp
