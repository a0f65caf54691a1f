#include "api/chat_commands.hpp"

#include "api/errors.hpp"
#include "api/input.hpp"
#include "ottobot/session/chat_frames.hpp"

namespace ottobot::api {
namespace {

Result<ChatCommand> prompt_of(Fields& fields) {
  ChatCommand command{ChatCommand::Kind::prompt, fields.required_string("content"), fields.optional_string("id")};
  auto ok = fields.check([&] { return check_prompt(command.content, command.client_id); });
  if (!ok) return fail(ok.error());
  return command;
}

}  // namespace

Result<ChatCommand> parse_chat_command(const std::string& payload, bool binary) {
  if (binary) return invalid_argument("frames are JSON texts, not binary");
  auto fields = Fields::parse(payload, "the frame");
  if (!fields) return fail(fields.error());
  const std::string type = fields->required_string("type");
  if (auto ok = fields->check(); !ok) return fail(ok.error());
  if (type == "user_prompt") return prompt_of(*fields);
  if (type != "stop") return invalid_field("type", "must be user_prompt or stop");
  return ChatCommand{};
}

Result<std::optional<PostedPrompt>> run_chat_command(Context& context, const ChatPlace& place,
                                                     const std::string& payload, bool binary) {
  auto command = parse_chat_command(payload, binary);
  if (!command) return fail(command.error());
  const auto& [session_id, caller] = place;
  if (!caller.may_change()) {
    return permission_denied("this ticket lets its bearer read along, not take part",
                             "connect with a ticket of the role control, or an API key");
  }
  if (auto ok = context.access->count_change(caller); !ok) return fail(ok.error().error);
  SessionService& sessions = context.deps.sessions;
  if (command->kind == ChatCommand::Kind::stop) {
    if (auto stopped = sessions.stop(session_id, caller.user, context.task_call()); !stopped) {
      return fail(stopped.error());
    }
    return std::nullopt;
  }
  auto seq = sessions.post_prompt(session_id, caller.user, command->content, command->client_id, context.task_call());
  if (!seq) return fail(seq.error());
  return PostedPrompt{*seq, std::move(command->client_id)};
}

Json chat_error(const Error& error, UnixMillis now) {
  const int status = status_of(error.code);
  const std::string told = status == 500 ? "the server could not do this" : error.message;
  return error_frame(std::string(net::reason_phrase(status)),
                     error.hint.empty() ? told : told + " (" + error.hint + ")", now);
}

}  // namespace ottobot::api
