// Ending a sandbox and judging how alive it is.
#pragma once

#include <chrono>

#include "containers/local/site.hpp"

namespace ottobot::containers {

// From its processes and its control group, not from what was last written down.
SandboxState state_of(const Site& site, const SandboxRecord& record);

// SIGTERM to the sandbox's first process, then up to `grace` for it to go.
void ask_to_end(const Site& site, const SandboxRecord& record, std::chrono::milliseconds grace, const CallContext& ctx);

// Kills whatever of the sandbox runs, half-launched ones too, and deletes its control group. Errors: deadline_exceeded.
Result<void> end_processes(const Site& site, const SandboxRecord& record, const CallContext& ctx);

// Sends SIGKILL without waiting: makes a launch under way fail soon.
void kill_now(const Site& site, const SandboxRecord& record);

// Deletes all files, frees the uid and last removes the folder, in an order that leaves a removable sandbox wherever it
// is interrupted. Its processes must have ended. Errors: from errno.
Result<void> erase_files(const Site& site, const SandboxRecord& record);

}  // namespace ottobot::containers
