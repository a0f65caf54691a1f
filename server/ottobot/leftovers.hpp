// What processes that kept nothing, and were killed, have left: sandboxes and folders.
#pragma once

#include "config/registry.hpp"

namespace ottobot::cli {

// As far as it gets within ctx; what stays is tried again the next time.
void remove_leftovers(const config::Registry& registry, const config::Settings& settings, Logger& logger,
                      const CallContext& ctx);

}  // namespace ottobot::cli
