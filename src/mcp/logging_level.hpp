// Names of logging levels, the same in both eras.
#pragma once

#include <optional>
#include <string_view>

#include "ottobot/mcp/server.hpp"

namespace ottobot::mcp {

std::string_view to_string(LoggingLevel level);
std::optional<LoggingLevel> logging_level_of(std::string_view name);

}  // namespace ottobot::mcp
