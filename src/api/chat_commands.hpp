// Frames that a chat client sends, and what they do. Stateless.
#pragma once

#include <optional>
#include <string>

#include "api/context.hpp"

namespace ottobot::api {

// Carries out one frame; a frame to answer with when it was bad or failed. A prompt that was taken is answered by its
// own event, like everywhere. Blocks on the store.
std::optional<Json> run_chat_command(Context& context, const std::string& session_id, const std::string& payload,
                                     bool binary);
// An Error as a frame of type "error".
Json chat_error(const Error& error, UnixMillis now);

}  // namespace ottobot::api
