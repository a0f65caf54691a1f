// The session's log as people read it: a line for each event that says how the session fares. Pure.
#pragma once

#include <optional>

#include "ottobot/event.hpp"

namespace ottobot {

// {timestamp, level, message, metadata?}, or nothing for events that are the conversation itself.
std::optional<Json> log_line(const Event& event);

}  // namespace ottobot
