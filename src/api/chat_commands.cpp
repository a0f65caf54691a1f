#include "api/chat_commands.hpp"

#include "api/errors.hpp"
#include "api/input.hpp"
#include "ottobot/session/chat_frames.hpp"

namespace ottobot::api {
namespace {

Result<std::optional<PostedPrompt>> send_prompt(Context& context, const std::string& session_id, Fields& fields) {
  const std::string content = fields.required_string("content");
  const std::string client_id = fields.optional_string("id");
  if (auto ok = fields.check([&] { return check_prompt(content, client_id); }); !ok) return fail(ok.error());
  auto seq = context.deps.sessions.post_prompt(session_id, {}, content, client_id, context.task_call());
  if (!seq) return fail(seq.error());
  return PostedPrompt{*seq, client_id};
}

}  // namespace

Result<std::optional<PostedPrompt>> run_chat_command(Context& context, const std::string& session_id,
                                                     const std::string& payload, bool binary) {
  if (binary) return invalid_argument("frames are JSON texts, not binary");
  auto fields = Fields::parse(payload, "the frame");
  if (!fields) return fail(fields.error());
  const std::string type = fields->required_string("type");
  if (auto ok = fields->check(); !ok) return fail(ok.error());
  if (type == "user_prompt") return send_prompt(context, session_id, *fields);
  if (type != "stop") return invalid_field("type", "must be user_prompt or stop");
  if (auto stopped = context.deps.sessions.stop(session_id, {}, context.task_call()); !stopped) {
    return fail(stopped.error());
  }
  return std::nullopt;
}

Json chat_error(const Error& error, UnixMillis now) {
  const int status = status_of(error.code);
  const std::string told = status == 500 ? "the server could not do this" : error.message;
  return error_frame(std::string(net::reason_phrase(status)),
                     error.hint.empty() ? told : told + " (" + error.hint + ")", now);
}

}  // namespace ottobot::api
