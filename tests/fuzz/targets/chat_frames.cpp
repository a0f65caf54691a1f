// A frame of a chat client; the same JSON as an ephemeral message and as the data of every type of event.
#include "ottobot/session/chat_frames.hpp"

#include "api/chat_commands.hpp"
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"

namespace ottobot::fuzz {
namespace {

using api::ChatCommand;

void check_command(const std::string& payload) {
  require(!api::parse_chat_command(payload, true), "binary frames are refused");
  const auto command = api::parse_chat_command(payload, false);
  if (!command) {
    const Json frame = api::chat_error(command.error(), 1);
    require(parse_json(dump_json(frame)).has_value(), "a refusal can be sent");
    return;
  }
  if (command->kind != ChatCommand::Kind::prompt) return;
  Json frame = {{"type", "user_prompt"}, {"content", command->content}};
  if (!command->client_id.empty()) frame["id"] = command->client_id;
  const auto again = api::parse_chat_command(dump_json(frame), false);
  require(again && again->content == command->content && again->client_id == command->client_id,
          "a prompt that is written anew reads the same");
}

void check_view(const Json& data) {
  require(parse_json(dump_json(delta_frame(data, 1))).has_value(), "a delta can be sent");
  if (!data.is_object()) return;  // what the builders of events make
  for (int type = 0; type <= static_cast<int>(EventType::log); ++type) {
    Event event;
    event.seq = 7;
    event.type = static_cast<EventType>(type);
    event.data = data;
    const auto frames = chat_frames(event);
    require(frames.empty() || is_chat_visible(event), "events that nobody sees have no frames");
    std::size_t numbered = 0;
    for (const Json& frame : frames) numbered += find_member(frame, "seq") != nullptr ? 1 : 0;
    require(numbered <= 1, "an event is counted once");
    require(parse_json(dump_json(to_public_json(event))).has_value(), "an event can be shown");
  }
}

}  // namespace

void chat_frames(std::string_view input) {
  check_command(std::string(input));
  if (const auto data = parse_json(input)) check_view(*data);
}

}  // namespace ottobot::fuzz
