// The end of a container, whatever else happens to it at the same time.
#pragma once

#include <chrono>
#include <string>

#include "containers/docker/engine.hpp"

namespace ottobot::containers {

// SIGTERM, and SIGKILL after `grace`: it does not run any more when this returns. Errors: those of Engine.
Result<void> end_container(const Engine& engine, const std::string& container, std::chrono::milliseconds grace,
                           const CallContext& ctx);

// Returns when it is gone, whoever removes it. Errors: those of Engine, deadline_exceeded.
Result<void> remove_container(const Engine& engine, const std::string& container, const CallContext& ctx);

}  // namespace ottobot::containers
