// Which image a sandbox is made of, and getting it.
#pragma once

#include <string>
#include <vector>

#include "containers/docker/docker_site.hpp"

namespace ottobot::containers {

// The caller's image alone, or those of the environment, the best first.
std::vector<std::string> image_candidates(const DockerOptions& options, const std::string& image,
                                          const std::string& environment);

// The first that the engine has. Errors: not_found (none), those of the engine.
Result<std::string> find_image(const Engine& engine, const std::vector<std::string>& candidates,
                               const CallContext& ctx);

// The same, and otherwise pulls. Progress is 0..100 of a pull. Errors: not_found with the mending command, those of the
// engine.
Result<std::string> provide_image(const Engine& engine, const std::vector<std::string>& candidates,
                                  const LaunchProgress& progress, const CallContext& ctx);

}  // namespace ottobot::containers
