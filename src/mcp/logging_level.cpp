#include "mcp/logging_level.hpp"

#include <algorithm>
#include <array>

namespace ottobot::mcp {

namespace {

constexpr std::array<std::string_view, 8> kNames{"debug", "info",     "notice", "warning",
                                                 "error", "critical", "alert",  "emergency"};

}  // namespace

std::string_view to_string(LoggingLevel level) { return kNames[static_cast<std::size_t>(level)]; }

std::optional<LoggingLevel> logging_level_of(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<LoggingLevel>(found - kNames.begin());
}

}  // namespace ottobot::mcp
