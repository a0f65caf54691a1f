// Frames that a chat client sends, and what they do. Stateless.
#pragma once

#include <optional>
#include <string>

#include "api/context.hpp"

namespace ottobot::api {

struct ChatCommand {
  enum class Kind { prompt, stop };
  Kind kind = Kind::stop;
  std::string content, client_id;  // of a prompt; no client_id = empty
};

// What a frame asks for. Pure. Errors: invalid_argument naming what is wrong with it.
Result<ChatCommand> parse_chat_command(const std::string& payload, bool binary);

struct PostedPrompt {
  Seq seq = 0;  // where it is in the log; the old place when it was re-sent
  std::string client_id;
};

struct ChatPlace {
  const std::string& session_id;
  const Caller& caller;
};

// Carries out one frame; the prompt that it was, if it was one. Blocks on the store. Errors: invalid_argument (a bad
// frame), permission_denied (the caller may only read), resource_exhausted (too many), those of SessionService.
Result<std::optional<PostedPrompt>> run_chat_command(Context& context, const ChatPlace& place,
                                                     const std::string& payload, bool binary);
// An Error as a frame of type "error".
Json chat_error(const Error& error, UnixMillis now);

}  // namespace ottobot::api
