// The steps of a launch, each of which leaves something that a later launch, list or remove finds.
#pragma once

#include "containers/local/site.hpp"

namespace ottobot::containers {

// Starts a sandbox in the folder of `record.name`, whose lock the caller holds and where nothing runs any more. A
// workspace that is there stays. When it fails, no process of it is left; the files are the caller's to judge. Errors:
// as ContainerBackend::launch.
Result<SandboxRecord> launch_sandbox(const Site& site, SandboxRecord record, const LaunchParams& params,
                                     const LaunchProgress& progress, const CallContext& ctx);

}  // namespace ottobot::containers
