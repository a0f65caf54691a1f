// What the last worker of a host does with the host's sandboxes, where they shall not outlive it.
#pragma once

#include <string>

#include "ottobot/container_backend.hpp"
#include "ottobot/log.hpp"
#include "ottobot/queue.hpp"

namespace ottobot::service {

// Whether no worker of `host_id` is announced any more, when this one has signed off. False where that cannot be known.
bool was_last_worker(Queue& queue, const std::string& host_id, const CallContext& ctx);

// Stops the sandboxes of `instance`, several at a time, as far as it gets within ctx. Their files stay, so that
// sessions go on in new ones.
void stop_sandboxes(ContainerBackend& backend, const std::string& instance, Logger& logger, const CallContext& ctx);

}  // namespace ottobot::service
