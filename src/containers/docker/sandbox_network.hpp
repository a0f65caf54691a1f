// The network of an instance's sandboxes, and what each of them may reach through it.
//
// All share one bridge whose traffic among containers the engine drops. What a bridge leaves open, the addresses of the
// engine's own machine, is closed by a packet filter inside of each container's network namespace (docs/adr/0007).
#pragma once

#include "containers/docker/docker_site.hpp"

namespace ottobot::containers {

// Makes it when it is not there, and leaves one of several. Errors: conflict (a network of that name that is not ours), those of the engine.
Result<void> ensure_network(DockerSite& site, const CallContext& ctx);

// Whether there is one, and no second of its name: an engine refuses a name that is not unique.
Result<bool> has_network(const DockerSite& site, const CallContext& ctx);

// Removes it when no container of this instance is left.
void release_network(DockerSite& site, const CallContext& ctx);

// Puts the filter into the running container. Errors: unavailable or unsupported when that cannot be done.
Result<void> confine_network(const DockerSite& site, const DockerRecord& record, const ContainerFacts& container,
                             const CallContext& ctx);

}  // namespace ottobot::containers
