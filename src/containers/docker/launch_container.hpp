// The steps of a launch, each of which leaves something that a later launch, list or remove finds.
#pragma once

#include "containers/docker/docker_site.hpp"

namespace ottobot::containers {

// Makes and starts the container of `record.name`, whose folder's lock the caller holds and of whose name the engine
// has no container. Fills in the rest of the record. A workspace that is there stays. When it fails, the container is
// gone; the folders are the caller's to judge. Errors: as ContainerBackend::launch.
Result<void> launch_container(DockerSite& site, DockerRecord& record, const LaunchParams& params,
                              const LaunchProgress& progress, const CallContext& ctx);

// Has a running container's network confined, if that was not done since its start, and waits for its daemon. Errors:
// as ContainerBackend::launch.
Result<void> make_ready(const DockerSite& site, DockerRecord& record, const ContainerFacts& container,
                        const CallContext& ctx);

}  // namespace ottobot::containers
