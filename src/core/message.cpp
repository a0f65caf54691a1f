#include "ottobot/message.hpp"

namespace ottobot {
namespace {

constexpr std::pair<ToolOutcome, std::string_view> kOutcomes[] = {{ToolOutcome::ok, "ok"},
                                                                  {ToolOutcome::error, "error"},
                                                                  {ToolOutcome::unknown, "unknown"},
                                                                  {ToolOutcome::not_run, "not_run"}};

void put_opaque(Json& json, const Json& opaque) {
  if (!opaque.is_null()) json["opaque"] = opaque;
}

Json part_json(const TextPart& part) {
  Json json{{"type", "text"}, {"text", part.text}};
  put_opaque(json, part.opaque);
  return json;
}

Json part_json(const ThinkingPart& part) {
  Json json{{"type", "thinking"}, {"text", part.text}};
  put_opaque(json, part.opaque);
  return json;
}

Json part_json(const ToolCallPart& part) {
  Json json{{"type", "tool_call"}, {"call_id", part.call_id}, {"name", part.name}, {"args", part.args}};
  if (!part.provider_id.empty()) json["provider_id"] = part.provider_id;
  put_opaque(json, part.opaque);
  return json;
}

Json part_json(const ToolResultPart& part) {
  Json json{{"type", "tool_result"},
            {"call_id", part.call_id},
            {"name", part.name},
            {"outcome", to_string(part.outcome)},
            {"content", part.content}};
  if (!part.provider_id.empty()) json["provider_id"] = part.provider_id;
  if (!part.structured.is_null()) json["structured"] = part.structured;
  return json;
}

Json member_or(const Json& json, std::string_view key, Json fallback) {
  const Json* member = find_member(json, key);
  return member ? *member : std::move(fallback);
}

Result<Part> part_from_json(const Json& json) {
  const std::string type = get_string(json, "type");
  if (type == "text") return TextPart{get_string(json, "text"), member_or(json, "opaque", nullptr)};
  if (type == "thinking") return ThinkingPart{get_string(json, "text"), member_or(json, "opaque", nullptr)};
  if (type == "tool_call") {
    return ToolCallPart{get_string(json, "call_id"), get_string(json, "provider_id"), get_string(json, "name"),
                        member_or(json, "args", Json::object()), member_or(json, "opaque", nullptr)};
  }
  if (type == "tool_result") {
    auto outcome = parse_tool_outcome(get_string(json, "outcome"));
    if (!outcome) return fail(outcome.error());
    return ToolResultPart{get_string(json, "call_id"),
                          get_string(json, "provider_id"),
                          get_string(json, "name"),
                          *outcome,
                          member_or(json, "content", Json::array()),
                          member_or(json, "structured", nullptr)};
  }
  return invalid_argument("unknown message part type '" + type + "'");
}

}  // namespace

Usage& Usage::operator+=(const Usage& other) {
  input_tokens += other.input_tokens;
  output_tokens += other.output_tokens;
  cached_tokens += other.cached_tokens;
  cost_usd += other.cost_usd;
  return *this;
}

std::string_view to_string(ToolOutcome outcome) {
  for (const auto& [value, name] : kOutcomes) {
    if (value == outcome) return name;
  }
  return "error";
}

Result<ToolOutcome> parse_tool_outcome(std::string_view name) {
  for (const auto& [value, known] : kOutcomes) {
    if (known == name) return value;
  }
  return invalid_argument("unknown tool outcome '" + std::string(name) + "'");
}

std::string_view to_string(Role role) { return role == Role::user ? "user" : "model"; }

Json to_json(const Message& message) {
  Json parts = Json::array();
  for (const Part& part : message.parts) {
    parts.push_back(std::visit([](const auto& p) { return part_json(p); }, part));
  }
  return {{"role", to_string(message.role)}, {"parts", std::move(parts)}};
}

Result<Message> message_from_json(const Json& json) {
  Message message;
  const std::string role = get_string(json, "role");
  if (role != "user" && role != "model") return invalid_argument("unknown message role '" + role + "'");
  message.role = role == "user" ? Role::user : Role::model;
  const Json* parts = find_member(json, "parts");
  if (!parts || !parts->is_array()) return invalid_argument("message without parts");
  for (const Json& part : *parts) {
    auto parsed = part_from_json(part);
    if (!parsed) return fail(parsed.error());
    message.parts.push_back(std::move(*parsed));
  }
  return message;
}

Json to_json(const Usage& usage) {
  Json json{{"input_tokens", usage.input_tokens}, {"output_tokens", usage.output_tokens}};
  if (usage.cached_tokens != 0) json["cached_tokens"] = usage.cached_tokens;
  if (usage.cost_usd != 0) json["cost_usd"] = usage.cost_usd;
  return json;
}

Usage usage_from_json(const Json& json) {
  return Usage{get_int(json, "input_tokens"), get_int(json, "output_tokens"), get_int(json, "cached_tokens"),
               get_double(json, "cost_usd")};
}

std::string text_of(const Message& message) {
  std::string text;
  for (const Part& part : message.parts) {
    if (const auto* p = std::get_if<TextPart>(&part)) text += p->text;
  }
  return text;
}

std::string text_of_content(const Json& content) {
  std::string text;
  if (!content.is_array()) return text;
  for (const Json& block : content) {
    if (get_string(block, "type") != "text") continue;
    if (!text.empty()) text += '\n';
    text += get_string(block, "text");
  }
  return text;
}

}  // namespace ottobot
