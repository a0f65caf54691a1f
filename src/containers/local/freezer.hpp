// Pause and resume, and what a sandbox uses: by its control group, or by its processes where there is none.
#pragma once

#include "containers/local/site.hpp"

namespace ottobot::containers {

// Errors: deadline_exceeded, cancelled (it then runs on), else from errno. Both note it in the record, and save that,
// where signals are used.
Result<void> freeze_sandbox(const Site& site, SandboxRecord& record, const CallContext& ctx);
Result<void> thaw_sandbox(const Site& site, SandboxRecord& record);

// Zeroes for one that does not run.
SandboxStats measure(const Site& site, const SandboxRecord& record);

}  // namespace ottobot::containers
