// The container backends of this program, made from its settings.
#pragma once

#include "config/registry.hpp"
#include "ottobot/containers/docker.hpp"

namespace ottobot::cli {

Result<std::unique_ptr<ContainerBackend>> make_local(const config::BuildContext& context);
Result<std::unique_ptr<ContainerBackend>> make_docker(const config::BuildContext& context);
// Docker where an engine answers that has an image for us, else local: a server must work on a machine where there is
// just some engine. What was begun locally stays there.
Result<std::unique_ptr<ContainerBackend>> make_best_backend(const config::BuildContext& context);

// Where the engine is and which images are ours, as the settings say.
containers::DockerOptions docker_options(const config::Settings& settings);

}  // namespace ottobot::cli
