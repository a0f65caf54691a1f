// WS /session/:id/chat: the session's chat-visible events as frames, from a seq on and live; prompts and stops the
// other way. Holds no thread.
#pragma once

#include "api/context.hpp"

namespace ottobot::api {

void add_chat_route(Router& router, Context& context);

}  // namespace ottobot::api
