// What has to be done as root on the engine's side, and cannot be done from here: a container that runs our program
// once, with the one capability that this may need.
#pragma once

#include "containers/docker/docker_site.hpp"

namespace ottobot::containers {

// Runs `plan`, of which image, labels and the program on this host are filled in, for the sandbox of `record`; what it
// said on its standard output. Nothing is left of it. Errors: unavailable (with what it said), those of the engine.
Result<std::string> run_helper(const DockerSite& site, const DockerRecord& record, HelperPlan plan,
                               const CallContext& ctx);

// What a process that was killed meanwhile left.
Result<void> remove_helper(const DockerSite& site, const std::string& name, const CallContext& ctx);

}  // namespace ottobot::containers
