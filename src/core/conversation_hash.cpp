#include "core/conversation_hash.hpp"

#include "ottobot/ids.hpp"

namespace ottobot::core {
namespace {

// What a hash is taken of: every value with its kind and size before it, so that no two values read the same. Cheaper
// than text that could be parsed.
void add_text(std::string& bytes, char kind, std::string_view text) {
  bytes += kind;
  bytes += std::to_string(text.size());
  bytes += ':';
  bytes += text;
}

void add_json(std::string& bytes, const Json& value) {
  if (value.is_string()) return add_text(bytes, 's', value.get_ref<const std::string&>());
  if (!value.is_structured()) return add_text(bytes, 'v', dump_json(value));
  add_text(bytes, value.is_object() ? 'o' : 'a', std::to_string(value.size()));
  for (auto member = value.begin(); member != value.end(); ++member) {
    if (value.is_object()) add_text(bytes, 'k', member.key());
    add_json(bytes, *member);
  }
}

void add_part(std::string& bytes, const TextPart& part) {
  add_text(bytes, 't', part.text);
  add_json(bytes, part.opaque);
}

void add_part(std::string& bytes, const ThinkingPart& part) {
  add_text(bytes, 'h', part.text);
  add_json(bytes, part.opaque);
}

void add_part(std::string& bytes, const ToolCallPart& part) {
  add_text(bytes, 'c', part.call_id);
  add_text(bytes, 's', part.provider_id);
  add_text(bytes, 's', part.name);
  add_json(bytes, part.args);
  add_json(bytes, part.opaque);
}

void add_part(std::string& bytes, const ToolResultPart& part) {
  add_text(bytes, 'r', part.call_id);
  add_text(bytes, 's', part.provider_id);
  add_text(bytes, 's', part.name);
  add_text(bytes, 's', to_string(part.outcome));
  add_json(bytes, part.content);
  add_json(bytes, part.structured);
}

}  // namespace

std::string conversation_hash(const std::string& previous, const Message& message) {
  std::string bytes = previous;
  add_text(bytes, 'm', to_string(message.role));
  for (const Part& part : message.parts) {
    std::visit([&](const auto& each) { add_part(bytes, each); }, part);
  }
  return sha256_hex(bytes);
}

}  // namespace ottobot::core
