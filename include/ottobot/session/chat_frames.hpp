// Chat frames: how events look to a chat client. Pure.
#pragma once

#include <vector>

#include "ottobot/event.hpp"

namespace ottobot {

// True for events that a chat client sees.
bool is_chat_visible(const Event& event);
// The frames of one event, in order; empty when it is not chat-visible. At most one of them carries `seq`.
std::vector<Json> chat_frames(const Event& event);
// First frame of a connection.
Json connected_frame(SessionStatus status, Seq last_seq, UnixMillis now);
// Acknowledges a re-sent prompt to a client whose stream of events begins behind it: the prompt's frame without `seq`,
// which is in `metadata` with the client's id.
Json prompt_receipt_frame(const std::string& content, const std::string& client_id, Seq seq, UnixMillis now);
// {type:"error", error, content, timestamp}
Json error_frame(const std::string& error, const std::string& content, UnixMillis now);
// An ephemeral delta as published by the agent; null when it is something else.
Json delta_frame(const Json& ephemeral, UnixMillis now);

}  // namespace ottobot
