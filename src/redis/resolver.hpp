// Host names to addresses, with a deadline.
#pragma once

#include <string>
#include <vector>

#include "ottobot/call_context.hpp"

namespace ottobot::redis {

// Numeric addresses, in the order in which to try them; an address is itself. Errors: unavailable, cancelled,
// deadline_exceeded.
Result<std::vector<std::string>> resolve(const std::string& host, const CallContext& ctx);

}  // namespace ottobot::redis
